import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { mayBeMade } from "../../../../src/platforms/kubernetes/change/create";
import { sizeOfVolumes } from "../../../../src/platforms/kubernetes/change/volumes";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings";
import { v } from "../../../build";

const ours = { "pulumi-dbcluster/cluster": "db" };

/** What is said of a cluster `db` that is to be made in a namespace that holds some objects already: kind, name, labels. */
async function said(...objects: readonly [kind: string, name: string, labels?: object][]): Promise<string> {
	const connection: Connection = {
		server: "https://test",
		now: () => 0,
		awayAt: () => undefined,
		async send({ path }) {
			const { pathname, searchParams } = new URL(path, "https://test");
			const [, kind, name] = /namespaces\/default\/(\w+)(?:\/(.*))?/.exec(pathname) ?? [];
			const wanted = name ?? /^metadata\.name=(.*)/.exec(searchParams.get("fieldSelector") ?? "")?.[1];
			const labelled = searchParams.get("labelSelector");
			const items = objects
				.filter(([its, called]) => its === kind && (wanted === undefined || called === wanted))
				.filter(([, , labels]) => labelled === null || JSON.stringify(labels) === JSON.stringify(ours))
				.map(([, called, labels]) => ({ metadata: { name: called, labels }, spec: {} }));
			const found = name === undefined ? { items } : items[0];
			return found === undefined ? { status: 404, text: "{}" } : { status: 200, text: JSON.stringify(found) };
		},
	};
	const read = readSettings({ namespace: "default", image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const { settings } = read;
	const spec = { name: "db", owner: "a/b/db", version: v("1.8.0"), shards: 1, replicas: 2, settings };
	return mayBeMade(new Cluster("db", settings, undefined, connection), spec).then(
		() => "",
		(error: Error) => error.message,
	);
}

describe("what has a name of a cluster that is to be made, and is another's", () => {
	it.each([
		["configmaps", "ConfigMap", "db-config"],
		["services", "Service", "db"],
		["services", "Service", "db-headless"],
		["services", "Service", "db-0-1"],
		["poddisruptionbudgets", "PodDisruptionBudget", "db-0"],
	])("is left alone: %s", async (kind, shown, name) => {
		expect(await said([kind, name])).toBe(
			`the namespace default has a ${shown} ${name} that does not belong to this cluster: choose another name, or remove it first`,
		);
		expect(await said([kind, name, { "pulumi-dbcluster/cluster": "other" }])).toContain(`${shown} ${name}`);
	});

	it("is none where an earlier try made it, or where names differ", async () => {
		expect(await said()).toBe("");
		expect(await said(["services", "db", ours], ["configmaps", "db-config", ours])).toBe("");
		expect(await said(["services", "db-0-2"], ["configmaps", "settings"])).toBe("");
	});
});

describe("the volumes that an earlier cluster left", () => {
	const connection = {} as Connection;
	const read = readSettings({ namespace: "ns", image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const cluster = new Cluster("db", read.settings, undefined, connection);
	const claim = (name: string, more: { readonly left?: string; readonly phase?: string } = {}) => ({
		metadata: { name, annotations: { ...(more.left && { "pulumi-dbcluster/left": more.left }) } },
		status: { phase: more.phase ?? "Bound" },
	});
	const said = (size: string, ...claims: ReturnType<typeof claim>[]) => {
		const [shards = 0, replicas = 0] = size.split("x").map(Number);
		return sizeOfVolumes(cluster, claims, { shards, replicas }).map(({ property }) => property);
	};
	const two = [claim("data-db-0-0"), claim("data-db-0-1")];

	it.each([
		["1x2", two, []],
		["1x1", two, ["replicas"]],
		["1x3", two, ["replicas"]],
		["2x2", two, ["shards"]],
		["1x1", [...two, claim("data-db-1-0")], ["shards", "replicas"]],
		["4x4", [], []],
		// What is not the name of a replica's volume tells nothing.
		["1x2", [...two, claim("backup-of-db")], []],
	] as [string, ReturnType<typeof claim>[], string[]][])("%s over %j", (size, claims, properties) => {
		expect(said(size, ...claims)).toEqual(properties);
	});

	it("do not count where their replica left on purpose", () => {
		expect(said("1x2", ...two, claim("data-db-0-2", { left: "true" }))).toEqual([]);
		expect(said("1x2", ...two, claim("data-db-0-2", { left: "no" }))).toEqual(["replicas"]);
		expect(said("1x3", ...two, claim("data-db-0-2", { left: "true" }))).toEqual(["replicas"]);
	});

	it("that were never bound hold nothing, and tell the size", () => {
		const pending = claim("data-db-0-2", { phase: "Pending" });
		expect(said("1x2", ...two, pending)).toEqual([]);
		expect(said("1x3", ...two, pending)).toEqual([]);
	});
});
