import { expect, it } from "vitest";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { outcome } from "../../../../src/platforms/kubernetes/trial/outcome";
import { trialLabel } from "../../../../src/platforms/kubernetes/trial/pod";
import { FakeApi } from "../fake-api";

const labels = { [trialLabel]: "db" };
const object = {
	apiVersion: "v1",
	kind: "Pod",
	metadata: { name: "db-trial-0", labels },
	spec: { containers: [{ name: "server" }] },
	status: { phase: "Succeeded" },
};

/** What becomes of the trial where the API server has these already. */
function tried(...pods: readonly object[]) {
	const api = new FakeApi("ns");
	for (const pod of pods) api.put("pods", pod);
	const read = readSettings({ namespace: "ns", image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const cluster = new Cluster("db", read.settings, undefined, api);
	return outcome(cluster, object, { what: "image", stallSeconds: 1, pause: 1 });
}

it("takes the pod that a first try has created, whose answer was lost", async () => {
	expect(await tried()).toEqual({});
	expect(await tried(object)).toEqual({});
});

it("takes no pod of another, and finds no fault of the version in it", async () => {
	await expect(tried({ ...object, metadata: { name: "db-trial-0" } })).rejects.toThrow("by another client");
	await expect(
		tried({ ...object, metadata: { name: "db-trial-0", labels: { [trialLabel]: "other" } } }),
	).rejects.toThrow("by another client");
});
