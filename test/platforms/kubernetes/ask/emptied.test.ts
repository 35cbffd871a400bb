import { expect, it } from "vitest";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import { emptied } from "../../../../src/platforms/kubernetes/ask/emptied";
import { kept } from "../../../../src/platforms/kubernetes/render/shape";
import { answered, FakeApi } from "../fake-api";
import { clusterOn, settingsOf } from "../made";

const podOf = (name: string, ready: boolean): Pod => ({
	metadata: { name, uid: name, labels: { "pulumi-dbcluster/shard": name.split("-")[1] ?? "" } },
	spec: { containers: [{ name: "server" }] },
	status: {
		conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
		containerStatuses: [{ name: "server", state: { running: {} } }],
	},
});

/** What is said of db-0-0, by how many replicated tables each pod has; a pod without a number can't be asked. */
async function said(tables: Readonly<Record<string, number>>, ready: readonly string[]) {
	const api = new FakeApi("db");
	api.answer = (_, pod) => (pod in tables ? answered({ tables: String(tables[pod]) }) : { status: 500, text: "no" });
	const pods = ["db-0-0", "db-0-1", "db-0-2", "db-1-0"].map((name) => podOf(name, ready.includes(name)));
	return emptied(clusterOn(api), kept(settingsOf()), pods[0], async () => pods);
}

const others = ["db-0-1", "db-0-2", "db-1-0"];

it("a replica without the tables of its peers is kept out, and one that has them is named", async () => {
	const failure = await said({ "db-0-0": 0, "db-0-1": 0, "db-0-2": 3 }, others);
	expect(failure).toMatchObject({ cause: "emptied", words: expect.stringContaining("db-0-2") });
});

it.each<[string, Record<string, number>, readonly string[]]>([
	["has tables", { "db-0-0": 1, "db-0-1": 3 }, others],
	["is ready", { "db-0-0": 0, "db-0-1": 3 }, ["db-0-0", ...others]],
	["can't be asked", { "db-0-1": 3 }, others],
	["has peers without tables", { "db-0-0": 0, "db-0-1": 0, "db-0-2": 0, "db-1-0": 3 }, others],
	["has peers that can't be asked", { "db-0-0": 0, "db-1-0": 3 }, others],
	["has peers that are not ready", { "db-0-0": 0, "db-0-1": 3 }, ["db-1-0"]],
])("nothing is said of one that %s", async (_, tables, ready) => {
	expect(await said(tables, ready)).toBeUndefined();
});

it("nothing is said of one without a pod", async () => {
	const cluster = clusterOn(new FakeApi("db"));
	expect(await emptied(cluster, kept(settingsOf()), undefined, async () => [])).toBeUndefined();
});
