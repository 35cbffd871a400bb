import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Claim } from "../../../../src/control/port";
import type { ApiAnswer } from "../../../../src/platforms/kubernetes/api/wire";
import type { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import type { Spec } from "../../../../src/platforms/kubernetes/change/create";
import { leave } from "../../../../src/platforms/kubernetes/change/leave";
import { assess, configure, join } from "../../../../src/platforms/kubernetes/change/reshape";
import { tables, v } from "../../../build";
import { answered, FakeApi, type Thing } from "../fake-api";
import { inventoryRows, made, settingsOf, specOf, within } from "../made";

let api: FakeApi;
let cluster: Cluster;
let claim: Claim;

/** A cluster of this size, with the claims of its volumes. */
async function start(shards: number, replicas: number) {
	api = new FakeApi("db");
	({ cluster, claim } = await made(api, specOf({ shards, replicas })));
	for (const { metadata } of api.all("pods")) volume(metadata.name);
	api.calls.length = 0;
}

const volume = (replica: string, size = "10Gi", annotations = {}, storageClassName = "standard") =>
	api.put("persistentvolumeclaims", {
		metadata: { name: `data-${replica}`, labels: { "pulumi-dbcluster/cluster": "db" }, annotations },
		spec: { storageClassName, resources: { requests: { storage: size } } },
	});
const storage = () => api.all("persistentvolumeclaims").map(({ spec }) => spec.resources.requests.storage as string);
/** As `kubectl scale` does. */
const scale = (set: string, replicas: number) => {
	const { spec, ...its } = api.objects.get(`statefulsets/${set}`);
	api.put("statefulsets", { ...its, spec: { ...spec, replicas } });
};
const pod = (name: string): Thing => api.objects.get(`pods/${name}`);
const unready = (name: string) => Object.assign(pod(name).status, { conditions: [{ type: "Ready", status: "False" }] });
const stored = () => cluster.record.read();
const alter = (its: object) => cluster.record.change((now) => ({ ...now, ...its }));

/** What each server holds, by pod; nothing unless given. */
const hold = (held: Readonly<Record<string, string>>) => {
	api.answer = (sql, name) =>
		sql.includes("AS kind") ? answered(...inventoryRows(tables(held[name] ?? ""), name)) : answered();
};

const other = { config: { "a.xml": "<clickhouse><max_concurrent_queries>7</max_concurrent_queries></clickhouse>" } };

describe("a size or settings that are asked for", () => {
	beforeEach(() => start(1, 2));

	const assessed = async (more: Partial<Spec> = {}) => {
		api.calls.length = 0;
		const { joins, obstacles, ...rest } = await assess(cluster, specOf(more));
		// It asks, and changes nothing.
		expect(api.calls.filter(({ method, path }) => method !== "GET" && !path.includes("dryRun"))).toEqual([]);
		return { ...rest, joins: joins.map(({ name }) => name), refused: obstacles.map(({ property }) => property) };
	};
	/** Its settings name all replicas, so that the others restart as well. */
	const oneLeaves = { joins: [], leaves: ["db-0-1"], rejoins: [], restarts: ["db-0-0"], refused: [] };
	const nothing = { joins: [], leaves: [], rejoins: [], restarts: [], refused: [] };

	it("may be those that there are", async () => {
		expect(await assessed()).toEqual(nothing);
		expect(await assessed({ settings: settingsOf({ storage: "20Gi" }) })).toEqual(nothing);
	});

	it("restart the pods that differ, and no other", async () => {
		const settings = settingsOf(other);
		expect(await assessed({ settings })).toEqual({ ...nothing, restarts: ["db-0-0", "db-0-1"] });
		expect(await assessed({ settings, replicas: 1 })).toEqual(oneLeaves);
		Object.assign(pod("db-0-0").metadata, { annotations: {} });
		expect((await assessed()).restarts).toEqual(["db-0-0"]);
	});

	it("restart the pods of all shards, each once", async () => {
		await start(2, 2);
		const { restarts } = await assessed({ shards: 2, settings: settingsOf(other) });
		expect(restarts).toEqual(["db-0-0", "db-0-1", "db-1-0", "db-1-1"]);
	});

	it.each<[string, Partial<Spec>, readonly string[]]>([
		["a replica more", { replicas: 3 }, ["db-0-2"]],
		["a shard more", { shards: 2 }, ["db-1-0", "db-1-1"]],
		["both", { shards: 2, replicas: 3 }, ["db-0-2", "db-1-0", "db-1-1", "db-1-2"]],
	])("lets replicas join: %s", async (_, more, joins) => {
		expect(await assessed(more)).toMatchObject({ joins, leaves: [], refused: [] });
	});

	it("tells of rows that new replicas would lack, or refuses", async () => {
		hold({ "db-0-0": "loc=5" });
		expect(await assessed({ replicas: 3 })).toMatchObject({ joins: ["db-0-2"], refused: ["replicas"] });
		const { joins, obstacles } = await assess(cluster, specOf({ replicas: 3, localTables: ["default.loc"] }));
		expect({ joins, obstacles }).toEqual({
			joins: [{ name: "db-0-2", shard: 0, ordinal: 2, lacks: ["default.loc"] }],
			obstacles: [],
		});
	});

	it("lets a replica leave only if nothing is lost with it", async () => {
		hold({ "db-0-0": "rows@/t", "db-0-1": "rows@/t" });
		expect(await assessed({ replicas: 1 })).toEqual(oneLeaves);
		hold({ "db-0-0": "rows@/t", "db-0-1": "rows@/t loc=5" });
		expect(await assessed({ replicas: 1 })).toEqual({ ...oneLeaves, refused: ["replicas"] });
	});

	it("lets the highest leave first, in all shards", async () => {
		await start(2, 3);
		expect((await assessed({ shards: 2, replicas: 1 })).leaves).toEqual(["db-0-2", "db-1-2", "db-0-1", "db-1-1"]);
	});

	it("counts what was scaled outside Pulumi", async () => {
		scale("db-0", 4);
		expect(await assessed()).toMatchObject({ leaves: ["db-0-3", "db-0-2"], joins: [], rejoins: [] });
		expect(await assessed({ replicas: 3 })).toMatchObject({ leaves: ["db-0-3"], joins: ["db-0-2"] });
		scale("db-0", 1);
		expect(await assessed()).toMatchObject({ leaves: [], rejoins: ["db-0-1"] });
		expect(await assessed({ replicas: 1 })).toMatchObject({ leaves: ["db-0-1"], rejoins: [] });
		const set = api.objects.get("statefulsets/db-0");
		delete set.spec.replicas;
		expect(await assessed({ replicas: 1 })).toMatchObject({ leaves: ["db-0-1"], rejoins: [] });
	});

	it("removes a shard that was created and never joined, and no other", async () => {
		await start(2, 1);
		await alter({ shards: 1 });
		expect(await assessed({ replicas: 1 })).toMatchObject({ leaves: ["db-1-0"], refused: [] });
		// Its StatefulSet is not rendered again, whatever it runs.
		expect(await assessed({ replicas: 1, settings: settingsOf(other) })).toMatchObject({ restarts: ["db-0-0"] });
		expect(api.calls.filter(({ method, path }) => method !== "GET" && path.includes("db-1"))).toEqual([]);
		await alter({ shards: 2 });
		expect(await assessed({ replicas: 1 })).toMatchObject({ leaves: ["db-1-0"], refused: ["shards"] });
	});

	it("can't be changed while the cluster is stopped, and settings restart nothing then", async () => {
		scale("db-0", 0);
		expect(await assessed({ settings: settingsOf(other) })).toEqual(nothing);
		expect((await assessed({ replicas: 3 })).refused).toEqual(["replicas"]);
		expect((await assessed({ replicas: 1 })).refused).toEqual(["replicas"]);
		expect((await assessed({ shards: 2 })).refused).toEqual(["shards"]);
		expect((await assessed({ shards: 2, replicas: 1 })).refused).toEqual(["replicas"]);
		await configure(cluster, claim, specOf({ settings: settingsOf(other) }));
	});

	it("restart nothing either while the cluster stops, and can't be changed while one shard is stopped", async () => {
		const kept = pod("db-0-0");
		scale("db-0", 0);
		api.put("pods", kept);
		expect((await assessed({ settings: settingsOf(other) })).restarts).toEqual([]);
		await start(2, 2);
		scale("db-1", 0);
		expect((await assessed({ shards: 2, replicas: 3 })).refused).toEqual(["replicas"]);
	});

	it.each<[string, object]>([
		["kubernetes.storage", { storage: "5Gi" }],
		["kubernetes.storageClass", { storageClass: "fast" }],
	])("can't have another %s", async (property, settings) => {
		expect((await assessed({ settings: settingsOf(settings) })).refused).toEqual([property]);
	});

	it("may have any StorageClass where the record says none", async () => {
		await alter({ settings: undefined });
		expect((await assessed({ settings: settingsOf({ storageClass: "fast" }) })).refused).toEqual([]);
	});

	it("may name the default StorageClass that all volumes have, and leave it out again", async () => {
		const named = settingsOf({ storageClass: "standard" });
		const claims = () => api.objects.get("statefulsets/db-0").spec.volumeClaimTemplates;
		const before = claims();
		expect(await assessed({ settings: named })).toEqual(nothing);
		await configure(cluster, claim, specOf({ settings: named }));
		expect((await stored())?.settings).toEqual(named);
		// That field of a StatefulSet can't be changed.
		expect(claims()).toEqual(before);
		expect(await assessed()).toEqual(nothing);
		volume("db-0-1", "10Gi", {}, "fast");
		await alter({ settings: settingsOf() });
		expect((await assessed({ settings: named })).refused).toEqual(["kubernetes.storageClass"]);
		expect((await assessed({ settings: named, replicas: 1 })).refused).toEqual([]);
	});

	it("can't leave out a StorageClass with which the volumes were made", async () => {
		api = new FakeApi("db");
		const settings = settingsOf({ storageClass: "standard" });
		({ cluster, claim } = await made(api, specOf({ settings })));
		expect((await assessed()).refused).toEqual(["kubernetes.storageClass"]);
		for (const { metadata } of api.all("statefulsets")) api.objects.delete(`statefulsets/${metadata.name}`);
		expect((await assessed()).refused).toEqual(["kubernetes.storageClass"]);
	});

	it("may leave volumes larger that others grew, and can't lower what was asked for", async () => {
		volume("db-0-1", "30Gi");
		expect((await assessed()).refused).toEqual([]);
		expect((await assessed({ settings: settingsOf({ storage: "20Gi" }) })).refused).toEqual([]);
		const { obstacles } = await assess(cluster, specOf({ settings: settingsOf({ storage: "5Gi" }) }));
		expect(obstacles).toEqual([
			{
				property: "kubernetes.storage",
				reason: expect.stringMatching(/ 5Gi is less\. Set storage to 10Gi or more\.$/),
			},
		]);
		await alter({ settings: undefined });
		expect((await assessed({ settings: settingsOf({ storage: "5Gi" }) })).refused).toEqual([]);
	});

	it("may take back a storage that no volume of the cluster has, whatever replicas left behind", async () => {
		await alter({ settings: settingsOf({ storage: "20Gi" }) });
		volume("db-0-2", "20Gi", { "pulumi-dbcluster/left": "true" });
		expect((await assessed()).refused).toEqual([]);
		expect((await assessed({ replicas: 3 })).refused).toEqual([]);
		volume("db-0-1", "20Gi");
		expect((await assessed()).refused).toEqual(["kubernetes.storage"]);
		expect((await assessed({ replicas: 1 })).refused).toEqual([]);
	});

	it("can't make a cluster of existing StatefulSets one of ours", async () => {
		const existing = { statefulSets: ["db-0"], services: ["db"], container: "c", httpPort: 8123 };
		await alter({ settings: { ...settingsOf(), existing } });
		expect((await assessed()).refused).toEqual(["kubernetes.existing"]);
	});

	it.each<[string, string]>([
		["/statefulsets/", "kubernetes"],
		["/services/", "kubernetes"],
		["/persistentvolumeclaims/", "kubernetes.storage"],
	])("can't be what the API server refuses: %s", async (kind, property) => {
		const send = api.send.bind(api);
		api.send = async (call): Promise<ApiAnswer> =>
			call.path.includes(kind) && call.path.includes("dryRun") ? { status: 422, text: "no" } : send(call);
		expect((await assessed({ settings: settingsOf({ storage: "20Gi" }) })).refused).toEqual([property]);
	});

	it("needs names that nobody else's object has", async () => {
		const theirs = (name: string, labels?: object) => ({
			metadata: { name, labels },
			spec: { selector: { app: "x" } },
		});
		api.put("services", theirs("db-0-2"));
		api.put("poddisruptionbudgets", theirs("db-1", { "pulumi-dbcluster/cluster": "other" }));
		api.put("services", theirs("db-9-9"));
		const reasons = async (more: Partial<Spec>) =>
			(await assess(cluster, specOf(more))).obstacles.map(({ property, reason }) => `${property}: ${reason}`);
		const why = (what: string) =>
			`the namespace db has a ${what} that does not belong to this cluster, which needs that name to grow. Remove it first.`;
		expect(await reasons({ replicas: 3 })).toEqual([`replicas: ${why("Service db-0-2")}`]);
		expect(await reasons({ shards: 2 })).toEqual([`shards: ${why("PodDisruptionBudget db-1")}`]);
		expect(await reasons({})).toEqual([]);
		// What an earlier try made is its own.
		api.put("services", theirs("db-0-2", { "pulumi-dbcluster/cluster": "db" }));
		expect(await reasons({ replicas: 3 })).toEqual([]);
		api.objects.delete("poddisruptionbudgets/db-1");
		const { template } = api.objects.get("statefulsets/db-0").spec;
		api.put("statefulsets", { metadata: { name: "db-1" }, spec: { replicas: 0, template } });
		expect(await reasons({ shards: 2 })).toEqual([`shards: ${why("StatefulSet db-1")}`]);
	});

	it("takes with a replica that leaves what is its own, and nothing of the same name", async () => {
		const service = api.objects.get("services/db-0-1");
		api.put("services", { ...service, metadata: { ...service.metadata, labels: { app: "x" } } });
		await leave(cluster, claim, "db-0-1");
		expect(api.objects.has("services/db-0-1")).toBe(true);
		await start(1, 2);
		await leave(cluster, claim, "db-0-1");
		expect(api.objects.has("services/db-0-1")).toBe(false);
	});

	describe("where its dry runs are forbidden", () => {
		const answering = (kind: string, message: string) => {
			const send = api.send.bind(api);
			api.send = async (call): Promise<ApiAnswer> =>
				call.path.includes("dryRun") && call.path.includes(kind)
					? { status: 403, text: JSON.stringify({ kind: "Status", message }) }
					: send(call);
		};
		const lacks = (verb: string, kind: string) =>
			`${kind} "a" is forbidden: User "ci" cannot ${verb} resource "${kind}" in API group "" in the namespace "db"`;
		const settings = settingsOf({ ...other, storage: "20Gi" });

		it.each(["patch", "create"])("for want of the right to %s: what it would do is told all the same", async (verb) => {
			answering("/namespaces/", lacks(verb, "configmaps"));
			const { obstacles, ...found } = await assess(cluster, specOf({ settings }));
			const reason = `the API server at ${api.server} forbids this request: ${lacks(verb, "configmaps")}`;
			expect(obstacles).toEqual([{ property: "kubernetes", reason, untried: true }]);
			expect(found).toMatchObject({ restarts: ["db-0-0", "db-0-1"] });
		});

		it("for want of one right only: what may be tried is tried", async () => {
			answering("/persistentvolumeclaims/", lacks("patch", "persistentvolumeclaims"));
			const send = api.send.bind(api);
			api.send = async (call) =>
				call.path.includes("/statefulsets/") && call.path.includes("dryRun") ? { status: 422, text: "no" } : send(call);
			const { obstacles } = await assess(cluster, specOf({ settings }));
			expect(obstacles).toMatchObject([
				{ property: "kubernetes", reason: expect.stringContaining("rejects this request: no") },
				{ property: "kubernetes.storage", untried: true },
			]);
			expect(obstacles[0]).not.toHaveProperty("untried");
		});

		it.each([
			'admission webhook "a.b" denied the request: users cannot patch resource "configmaps"',
			'configmaps "a" is forbidden: exceeded quota: q',
		])("by a policy: %s", async (message) => {
			answering("/configmaps/", message);
			const { obstacles } = await assess(cluster, specOf({ settings }));
			expect(obstacles).toEqual([{ property: "kubernetes", reason: expect.stringContaining(message) }]);
		});
	});

	it("is about a cluster that is there", async () => {
		api.objects.delete("configmaps/db-dbcluster");
		await expect(assess(cluster, specOf())).rejects.toThrow("db-dbcluster");
	});
});

describe("settings that are applied", () => {
	beforeEach(() => start(1, 2));

	const untouched = async (work: Promise<unknown>, words: RegExp) => {
		const before = await stored();
		await expect(work).rejects.toThrow(words);
		expect(await stored()).toEqual(before);
	};

	it("are stored, with how updates go, and grow the volumes", async () => {
		const settings = settingsOf({ ...other, storage: "20Gi" });
		await configure(cluster, claim, specOf({ settings, update: { policy: "latest" } as Spec["update"] }));
		expect(await stored()).toMatchObject({
			settings,
			update: { policy: "latest" },
			shards: 1,
			replicas: 2,
			opening: {},
		});
		expect(storage()).toEqual(["20Gi", "20Gi"]);
		const config = JSON.stringify(api.objects.get("configmaps/db-config").data);
		expect(config).toContain("max_concurrent_queries");
		// How updates go stays where the program says nothing of it.
		await configure(cluster, claim, specOf({ settings }));
		expect(await stored()).toMatchObject({ update: { policy: "latest" } });
	});

	it("leave volumes alone that are larger, or that replicas left behind", async () => {
		volume("db-0-1", "30Gi");
		volume("db-0-2", "5Gi", { "pulumi-dbcluster/left": "true" });
		const settings = settingsOf({ storage: "20Gi" });
		const growths = () =>
			api.calls.flatMap(({ method, path }) => (method === "PATCH" && /persistent.*\/([\w-]+)/.exec(path)?.[1]) || []);
		await assess(cluster, specOf({ settings }));
		expect(growths()).toEqual(["data-db-0-0"]);
		await configure(cluster, claim, specOf({ settings }));
		expect(growths()).toEqual(["data-db-0-0", "data-db-0-0"]);
		expect(storage().sort()).toEqual(["20Gi", "30Gi", "5Gi"]);
		expect((await stored())?.settings?.storage).toBe("20Gi");
	});

	it("make new replicas, which clients don't reach yet and whose data is unopened", async () => {
		await configure(cluster, claim, specOf({ replicas: 3 }));
		expect(pod("db-0-2").metadata.labels["pulumi-dbcluster/clients"]).toBeUndefined();
		expect(await stored()).toMatchObject({ replicas: 2, opening: { "db-0-2": { version: "1.8.0" } } });
	});

	it("take the cluster's version for new replicas, whatever is asked for", async () => {
		await configure(cluster, claim, specOf({ replicas: 3, version: v("1.9.0") }));
		expect((await stored())?.opening["db-0-2"]?.version).toBe("1.8.0");
	});

	it("never make it smaller", async () => {
		await untouched(configure(cluster, claim, specOf({ replicas: 1 })), /smaller/);
		await start(2, 1);
		await untouched(configure(cluster, claim, specOf({ shards: 1, replicas: 1 })), /smaller/);
		// The record of a cluster that says no size is about one replica.
		await alter({ shards: undefined, replicas: undefined });
		await configure(cluster, claim, specOf({ replicas: 1 }));
	});

	it("are refused where they can't be had", async () => {
		await untouched(configure(cluster, claim, specOf({ settings: settingsOf({ storage: "5Gi" }) })), /shrink/);
	});

	it("need the claim", async () => {
		await expect(configure(cluster, { ...claim, holder: "other" }, specOf())).rejects.toThrow(/took over|is changing/);
	});
});

describe("replicas that were made", () => {
	const three = specOf({ replicas: 3 });
	beforeEach(async () => {
		await start(1, 2);
		await configure(cluster, claim, three);
		volume("db-0-2", "5Gi", { "pulumi-dbcluster/left": "true" });
	});
	const clients = (name: string) => pod(name).metadata.labels["pulumi-dbcluster/clients"];

	it("join: clients reach them, their volumes count again and are as large as the others", async () => {
		hold({ "db-0-0": "rows@/t", "db-0-1": "rows@/t", "db-0-2": "rows@/t" });
		expect(await join(cluster, claim, three)).toEqual([]);
		expect(clients("db-0-2")).toBe("db");
		expect(await stored()).toMatchObject({ shards: 1, replicas: 3 });
		expect(api.objects.get("persistentvolumeclaims/data-db-0-2").metadata.annotations).toEqual({});
		expect(storage()).toEqual(["10Gi", "10Gi", "10Gi"]);
		const { template } = api.objects.get("statefulsets/db-0").spec;
		expect(template.metadata.labels["pulumi-dbcluster/clients"]).toBe("db");
		// Again, nothing is to be done.
		api.calls.length = 0;
		expect(await join(cluster, claim, three)).toEqual([]);
		expect(api.calls.filter(({ method }) => method !== "GET")).toEqual([]);
	});

	const out = async () => {
		expect(await join(cluster, claim, three)).toEqual(["db-0-2"]);
		expect(clients("db-0-2")).toBeUndefined();
		expect(await stored()).toMatchObject({ replicas: 2 });
	};

	const lose = (name: string) => api.send({ method: "DELETE", path: `/api/v1/namespaces/db/pods/${name}` });
	const template = () => api.objects.get("statefulsets/db-0").spec.template.metadata;
	const size = "pulumi-dbcluster/size";

	it("keep no client from a member whose pod is lost while they join", async () => {
		const before = pod("db-0-0").metadata.uid;
		for (const name of ["db-0-1", "db-0-0"]) await lose(name);
		expect(pod("db-0-0").metadata.uid).not.toBe(before);
		expect([clients("db-0-0"), clients("db-0-1"), clients("db-0-2")]).toEqual(["db", "db", undefined]);
	});

	it("never serve if they are lost while they join, until they are created again for it", async () => {
		expect(pod("db-0-2").metadata.annotations[size]).toBe("3");
		await lose("db-0-2");
		// Its startup probe fails for an ordinal beyond that.
		expect(pod("db-0-2").metadata.annotations[size]).toBe("2");
		await out();
		expect(pod("db-0-2").metadata.annotations[size]).toBe("3");
		expect(template()).toMatchObject({ labels: { "pulumi-dbcluster/clients": "db" }, annotations: { [size]: "2" } });
	});

	it("let in a member that was created from their template, but none that an unfinished rollout took out", async () => {
		const away = () =>
			["db-0-0", "db-0-1"].forEach((name) => void delete pod(name).metadata.labels["pulumi-dbcluster/clients"]);
		unready("db-0-2");
		away();
		await alter({ held: { "db-0-1": { tables: 0, digest: "" } } });
		await out();
		expect([clients("db-0-0"), clients("db-0-1")]).toEqual(["db", undefined]);
	});

	it("that can't be created leave their members a template with clients", async () => {
		await start(1, 2);
		const put = api.put.bind(api);
		api.put = (kind, object) => (object.metadata.name === "db-0-2" && kind === "pods" ? undefined : put(kind, object));
		vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
		try {
			await within(12_000, configure(cluster, claim, three));
		} finally {
			vi.useRealTimers();
		}
		expect(template()).toMatchObject({ labels: { "pulumi-dbcluster/clients": "db" }, annotations: { [size]: "2" } });
	});

	it("stay out while they are not ready, or have no pod", async () => {
		unready("db-0-2");
		await out();
		api.objects.delete("pods/db-0-2");
		expect(await join(cluster, claim, three)).toEqual(["db-0-2"]);
	});

	it("stay out while they lack a table, unless it may differ", async () => {
		hold({ "db-0-0": "rows@/t loc=5", "db-0-2": "rows@/t" });
		await out();
		expect(await join(cluster, claim, { ...three, localTables: ["default.loc"] })).toEqual([]);
	});

	it("stay out while they have not caught up", async () => {
		const table = { database: "default", table: "rows", is_readonly: 1, total_replicas: 2 };
		api.answer = (sql, name) => (sql.includes("log_pointer") && name === "db-0-2" ? answered(table) : answered());
		await out();
	});

	it("can't join with a table that would never get the rows", async () => {
		hold({ "db-0-0": "rows@/t", "db-0-2": "rows@/other" });
		await expect(join(cluster, claim, three)).rejects.toThrow(/default\.rows .*\/other.*\/t\b/);
		hold({ "db-0-0": "rows@/t", "db-0-2": "rows=0" });
		await expect(join(cluster, claim, three)).rejects.toThrow(/default\.rows is MergeTree,/);
		expect(await join(cluster, claim, { ...three, localTables: ["default.rows"] })).toEqual([]);
	});

	it("are compared with one that serves, and wait where none does", async () => {
		unready("db-0-0");
		hold({ "db-0-0": "rows@/t", "db-0-1": "rows@/t more@/m", "db-0-2": "rows@/t" });
		await out();
		unready("db-0-1");
		await expect(join(cluster, claim, three)).rejects.toThrow("'db'");
	});

	it("of a new shard hold other rows, and tables of any that serves", async () => {
		await start(1, 1);
		const two = specOf({ shards: 2, replicas: 1 });
		await configure(cluster, claim, two);
		hold({ "db-0-0": "rows@/0" });
		api.calls.length = 0;
		expect(await join(cluster, claim, two)).toEqual([]);
		// Where nobody joins, nothing is written.
		const sets = api.calls.filter(({ method, path }) => method !== "GET" && path.includes("/statefulsets/"));
		expect(sets.map(({ path }) => /db-\d/.exec(path)?.[0])).toEqual(["db-1"]);
		expect(clients("db-1-0")).toBe("db");
		expect(await stored()).toMatchObject({ shards: 2, replicas: 1 });
	});

	it("are compared with their own shard where that has others, and all join together or none", async () => {
		await start(2, 1);
		const larger = specOf({ shards: 2, replicas: 2 });
		await configure(cluster, claim, larger);
		hold({ "db-0-0": "rows@/0", "db-0-1": "rows@/0", "db-1-0": "rows@/1 more@/m", "db-1-1": "rows@/1" });
		expect(await join(cluster, claim, larger)).toEqual(["db-1-1"]);
		expect(clients("db-0-1")).toBeUndefined();
		hold({ "db-0-0": "rows@/0", "db-0-1": "rows@/0", "db-1-0": "rows@/1", "db-1-1": "rows@/1" });
		expect(await join(cluster, claim, larger)).toEqual([]);
		expect(clients("db-0-1")).toBe("db");
	});
});
