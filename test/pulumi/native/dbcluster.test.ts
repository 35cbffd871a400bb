import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor, type MockResourceArgs } from "@pulumi/pulumi/runtime/mocks";
import { beforeAll, expect, expectTypeOf, test } from "vitest";
import { DbCluster as Dynamic } from "../../../src/index";
import { DbCluster } from "../../../src/native";

const registered: MockResourceArgs[] = [];
const requests: RegisterResourceRequest[] = [];

// The mocks are not told of aliases.
const { registerResource } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function (request, callback) {
	requests.push(request);
	return registerResource.call(this, request, callback);
};

beforeAll(() =>
	pulumi.runtime.setMocks({
		newResource: (args) => {
			registered.push(args);
			return { id: "local:~/.pulumi-dbcluster/analytics", state: { ...args.inputs, state: "Started" } };
		},
		call: () => ({}),
	}),
);

const value = <T>(output: pulumi.Output<T>) => new Promise<T>((resolve) => output.apply((it) => void resolve(it)));

test("registers with what the program says and no more, and its outputs are outputs", async () => {
	const db = new DbCluster("analytics", { version: "1.8.0", local: {} });
	expect(await value(db.state)).toBe("Started");
	expect(await value(db.previousVersion)).toBeUndefined();
	const { type, inputs } = registered[0] ?? {};
	expect(type).toBe("dbcluster:index:DbCluster");
	expect(inputs).toEqual({ version: "1.8.0", local: {} });
});

test("is told from the dynamic one, and has the same outputs", () => {
	const [native, dynamic] = [DbCluster, Dynamic].map((Class) => new Class("db", { version: "1.8.0", local: {} }));
	expect([native, dynamic].map((it) => DbCluster.isInstance(it))).toEqual([true, false]);
	expect([native, dynamic].map((it) => Dynamic.isInstance(it))).toEqual([false, true]);
	type Outputs<Class> = Omit<Class, keyof pulumi.CustomResource>;
	expectTypeOf<Outputs<DbCluster>>().toEqualTypeOf<Outputs<Dynamic>>();
});

test("takes the state of the dynamic one over, also below a parent", async () => {
	class Stage extends pulumi.ComponentResource {}
	const parent = new Stage("my:own:Stage", "stage");
	const below = new DbCluster("below", { version: "1.8.0", local: {} }, { parent });
	const alone = new DbCluster("alone", { version: "1.8.0", local: {} }, { aliases: [{ name: "former" }] });
	for (const db of [below, alone]) await value(db.urn);
	const of = (its: string) => requests.find((request) => request.getName() === its)?.getAliasesList() ?? [];
	const type = "pulumi-nodejs:dynamic/dbcluster:DbCluster";
	expect(of("below").map((alias) => alias.getSpec()?.getType())).toEqual([type]);
	const [former, other] = of("alone");
	expect(former?.getSpec()?.getName()).toBe("former");
	expect(other?.getUrn()).toBe(await value(pulumi.createUrn("alone", type)));
});

test("reads one that another program declares, by its id", async () => {
	const db = DbCluster.get("theirs", "local:~/.pulumi-dbcluster/analytics");
	expect(await value(db.state)).toBe("Started");
	expect(await value(db.id)).toBe("local:~/.pulumi-dbcluster/analytics");
	for (const output of [db.version, db.endpoint, db.caveats]) expect(pulumi.Output.isInstance(output)).toBe(true);
	expect(registered.at(-1)).toMatchObject({ id: "local:~/.pulumi-dbcluster/analytics", inputs: {} });
	expect(requests.map((request) => request.getName())).not.toContain("theirs");
});
