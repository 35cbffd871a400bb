import { expect, test } from "vitest";
import { kubernetesSchema as kubernetes } from "../../../src/platforms/kubernetes/render/settings-schema";
import { localSchema as local } from "../../../src/platforms/local/settings";
import { schema as own } from "../../../src/pulumi/args/schema";
import * as written from "../../../src/pulumi/native/schema.json";
import { accepted, saysWhatTheChecksSay, typesOf } from "../schemas";

const { properties = {}, required = [] } = accepted(own);
const { owner: _, ...asked } = properties;
const resource = written.resources["dbcluster:index:DbCluster"];

saysWhatTheChecksSay(resource, typesOf(written), {
	properties: { ...asked, local: accepted(local), kubernetes: accepted(kubernetes) },
	// The constructor, or the provider, adds the others.
	required: required.filter((name) => name !== "owner" && name !== "name"),
});

test("a kubeconfig is a secret, and what is asked for stands among the outputs", () => {
	expect(typesOf(written)["dbcluster:index:Kubernetes"]?.properties.kubeconfig?.secret).toBe(true);
	expect(Object.keys(resource.properties)).toEqual(expect.arrayContaining(Object.keys(resource.inputProperties)));
	expect(resource.required).toContain("name");
});
