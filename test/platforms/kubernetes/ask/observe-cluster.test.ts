import { beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../../../src/control/port";
import { TimedOut } from "../../../../src/platforms/kubernetes/api/errors";
import type { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { look, observe } from "../../../../src/platforms/kubernetes/ask/observe";
import { creation, mark } from "../../../build";
import { adoptedOn, serviceOf, setOf, withExisting } from "../adopted/existing";
import { answered, FakeApi, type Thing } from "../fake-api";
import { clusterOn, made, specOf } from "../made";

let api: FakeApi;
let cluster: Cluster;
let claim: Claim;
beforeEach(() => start(1, 2));

async function start(shards: number, replicas: number) {
	api = new FakeApi("db");
	({ cluster, claim } = await made(api, specOf({ shards, replicas })));
}

const alter = (its: object) => cluster.record.change((now) => ({ ...now, ...its }));
const scale = (replicas: number | undefined, set = "db-0") => {
	const { spec, ...its } = api.objects.get(`statefulsets/${set}`);
	api.put("statefulsets", { ...its, spec: { ...spec, replicas } });
};
const annotate = (kind: string, name: string, annotations: object) => {
	const { metadata } = api.objects.get(`${kind}/${name}`);
	Object.assign(metadata, { annotations: { ...metadata.annotations, ...annotations } });
};
/** What is left of a pod's status; the server's container as well. */
const pod = (name: string, status: object = {}, its: object = {}) => {
	const found = api.objects.get(`pods/${name}`);
	const [server] = found.status.containerStatuses;
	Object.assign(found, { status: { ...found.status, containerStatuses: [{ ...server, ...its }], ...status } });
};
const unready = { conditions: [{ type: "Ready", status: "False" }] };
const crashed = {
	ready: false,
	started: false,
	restartCount: 5,
	state: { waiting: { reason: "CrashLoopBackOff" } },
	lastState: { terminated: { exitCode: 70, message: "Code: 36" } },
};
const fresh = { imageID: "", ready: false, started: false, state: { waiting: { reason: "ContainerCreating" } } };
const seen = async () => (await observe(cluster)) as NonNullable<Awaited<ReturnType<typeof observe>>>;
const replica = async (index = 0): Promise<Thing> => (await seen()).replicas[index];

describe("a cluster", () => {
	it("is none without StatefulSets and owner", async () => {
		const none = clusterOn(new FakeApi("db"));
		expect(await observe(none)).toBeUndefined();
		await none.record.claim("test", 60);
		expect(await observe(none)).toBeUndefined();
	});

	it("is its replicas, by shard", async () => {
		await start(2, 2);
		const { replicas, record, ...rest } = await seen();
		expect(rest).toEqual({ name: "db", state: "Started" });
		expect(record).toMatchObject({ owner: "a/b/db", shards: 2, replicas: 2 });
		expect(replicas.map(({ name, shard, ordinal }) => [name, shard, ordinal])).toEqual([
			["db-0-0", 0, 0],
			["db-0-1", 0, 1],
			["db-1-0", 1, 0],
			["db-1-1", 1, 1],
		]);
		const healthy = { version: "1.8.0", openedBy: "1.8.0", serving: true, readOnly: false, caughtUp: true };
		expect(replicas[3]).toEqual({ name: "db-1-1", shard: 1, ordinal: 1, ...healthy });
	});

	it("without a record has the size of its StatefulSets", async () => {
		await start(2, 3);
		api.objects.delete("configmaps/db-dbcluster");
		scale(2);
		const { replicas, record } = await seen();
		expect([replicas.length, replicas.at(-1)?.name, record]).toEqual([6, "db-1-2", undefined]);
		scale(undefined);
		scale(undefined, "db-1");
		expect((await seen()).replicas).toHaveLength(2);
		scale(0);
		scale(0, "db-1");
		expect((await seen()).replicas).toHaveLength(2);
	});

	it("with an owner and without StatefulSets has the size of its record", async () => {
		api.objects.delete("statefulsets/db-0");
		for (const name of ["db-0-0", "db-0-1"]) api.objects.delete(`pods/${name}`);
		expect(await seen()).toMatchObject({ state: "Starting", replicas: [{ serving: false }, { serving: false }] });
		expect(await replica()).not.toHaveProperty("trouble");
		await alter({ openedBy: { "db-0-0": "1.8.0" } });
		expect(await replica()).toMatchObject({ trouble: expect.stringContaining("db-0"), openedBy: "1.8.0" });
	});

	it("records what its pods show of their data, as far as it may", async () => {
		expect((await cluster.record.read())?.opening).not.toEqual({});
		const send = api.send.bind(api);
		api.send = (call) => (call.method === "GET" ? send(call) : Promise.resolve({ status: 403, text: "no" }));
		expect(await seen()).toMatchObject({ state: "Started" });
		api.send = send;
		await seen();
		expect(await cluster.record.read()).toMatchObject({
			opening: {},
			openedBy: { "db-0-0": "1.8.0", "db-0-1": "1.8.0" },
		});
		api.calls.length = 0;
		await seen();
		expect(api.calls.filter(({ method }) => method !== "GET")).toEqual([]);
	});
});

describe("the state of a cluster", () => {
	const down = () => pod("db-0-1", unready, crashed);
	const starts = () => pod("db-0-1", unready, { ready: false, started: false });
	const allStart = () => ["db-0-0", "db-0-1"].map((name) => pod(name, unready, { ready: false, started: false }));
	const update = mark("1.7.1", "1.8.0");

	it.each<[string, string, Thing, () => unknown]>([
		["Started", "all serve", undefined, () => {}],
		["Updating", "all serve", update, () => {}],
		["Updating", "one starts", update, starts],
		["Degraded", "one can't start", update, down],
		["Degraded", "one can't start", undefined, down],
		["Degraded", "one starts", undefined, starts],
		["Starting", "all start", undefined, allStart],
		["Starting", "one starts", creation("1.8.0"), starts],
		["Degraded", "one can't start", creation("1.8.0"), down],
		["Started", "all serve", creation("1.8.0"), () => {}],
	])("is %s where %s, with the mark %j", async (state, _, its, change) => {
		await alter({ mark: its });
		change();
		const found = await seen();
		expect(found.state).toBe(state);
		expect(found.mark).toEqual(its);
	});

	it("is Stopping, then Stopped, or Idle if an idler did it", async () => {
		await start(2, 1);
		const kept = api.objects.get("pods/db-1-0");
		scale(0);
		// One of two shards is no stop.
		expect((await seen()).state).not.toMatch(/Stop|Idle/);
		scale(0, "db-1");
		api.put("pods", kept);
		expect((await seen()).state).toBe("Stopping");
		api.objects.delete("pods/db-1-0");
		expect((await seen()).state).toBe("Stopped");
		annotate("statefulsets", "db-1", { "pulumi-dbcluster/idle": "false" });
		expect((await seen()).state).toBe("Stopped");
		annotate("statefulsets", "db-1", { "pulumi-dbcluster/idle": "true" });
		expect((await seen()).state).toBe("Idle");
	});
});

describe("a replica as part of its cluster", () => {
	it("is outdated while its pod has another template", async () => {
		expect(await replica()).not.toHaveProperty("outdated");
		annotate("pods", "db-0-1", { "pulumi-dbcluster/template": "other" });
		expect([await replica(0), await replica(1)].map(({ outdated }) => outdated)).toEqual([undefined, true]);
	});

	it("has no version before it has started", async () => {
		pod("db-0-0", unready, fresh);
		expect(await replica()).toMatchObject({ version: undefined, serving: false });
	});

	it("has the version of its template while it is stopped, and no trouble", async () => {
		const kept = api.objects.get("pods/db-0-0");
		scale(0);
		expect(await replica()).toMatchObject({ version: "1.8.0", serving: false });
		expect(await replica()).not.toHaveProperty("trouble");
		expect(await replica()).not.toHaveProperty("cause");
		// Nor has its pod that is still there.
		api.put("pods", kept);
		pod("db-0-0", unready, crashed);
		expect(await replica()).not.toHaveProperty("trouble");
		expect(await replica()).not.toHaveProperty("cause");
	});

	it("has the version of its template, too, where it was scaled away, and that is its trouble", async () => {
		scale(1);
		expect(await replica(1)).toMatchObject({ version: "1.8.0", serving: false, cause: "scaled" });
		expect((await replica(1)).trouble).toContain("1 of 2");
		expect(await replica(0)).toMatchObject({ serving: true });
	});

	it("is in trouble if its StatefulSet is gone, and serves on", async () => {
		await start(2, 1);
		const kept = api.objects.get("pods/db-1-0");
		api.objects.delete("statefulsets/db-1");
		expect(await replica(1)).toMatchObject({ serving: true });
		api.put("pods", kept);
		pod("db-1-0", unready, crashed);
		expect(await replica(1)).toMatchObject({ serving: false, trouble: expect.stringContaining("db-1") });
		expect(await replica(1)).not.toHaveProperty("cause");
	});

	it("shows why it does not serve", async () => {
		pod("db-0-1", unready, crashed);
		expect(await replica(1)).toMatchObject({ cause: "exits", trouble: expect.stringContaining("Code: 36") });
	});

	it("that serves and can't be queried says so", async () => {
		api.answer = () => ({ status: 500, text: "Code: 241. DB::Exception: memory" });
		expect(await replica()).toMatchObject({
			serving: true,
			caughtUp: undefined,
			trouble: expect.stringContaining("241"),
		});
		pod("db-0-0", unready);
		expect(await replica()).not.toHaveProperty("trouble");
	});

	it("that lacks the tables of its peers is told", async () => {
		pod("db-0-0", unready);
		api.answer = (sql, name) =>
			sql.includes("AS tables") ? answered({ tables: name === "db-0-1" ? 3 : 0 }) : answered();
		expect(await replica()).toMatchObject({ cause: "emptied", trouble: expect.stringContaining("db-0-1") });
		expect(await look(cluster, "db-0-0")).toMatchObject({ failure: { cause: "emptied" } });
	});

	it("serves through all Services", async () => {
		delete api.objects.get("pods/db-0-0").metadata.labels["pulumi-dbcluster/clients"];
		expect(await replica()).toMatchObject({ serving: false });
		pod("db-0-1", unready);
		expect(await replica(1)).toMatchObject({ serving: false });
		const set = setOf();
		for (const { labels } of [set.metadata, set.spec.template.metadata])
			Object.assign(labels, { "pulumi-dbcluster/cluster": "db", "pulumi-dbcluster/shard": "0" });
		const existing = withExisting(set);
		existing.put("services", serviceOf("two", { all: "no" }));
		const serving = async (...services: string[]) =>
			(await observe(adoptedOn(existing, { services })))?.replicas.map((each) => each.serving);
		expect(await serving("chi")).toEqual([true, true]);
		expect(await serving("chi", "two")).toEqual([false, false]);
	});

	it("is no riddle to be guessed where something else goes wrong", async () => {
		api.answer = () => {
			throw new TypeError("bug");
		};
		await expect(observe(cluster)).rejects.toThrow("bug");
	});
});

describe("a look at a replica", () => {
	const queue = (more: object) => () =>
		answered({ database: "d", table: "t", total_replicas: 2, log_pointer: 1, log_max_index: 5, ...more });
	const view = (name = "db-0-0") => look(cluster, name);

	it("that serves shows its queries, and what is asked for", async () => {
		api.answer = (sql) => (sql.includes("system.processes") ? answered({ running: "7" }) : answered());
		expect(await view()).toMatchObject({
			phase: "serving",
			queries: 7,
			replica: { name: "db-0-0", serving: true },
			asked: { of: 2, replicas: 2 },
		});
	});

	it("that is none is an error; one that was added or is to be made again is not", async () => {
		await expect(view("db-0-2")).rejects.toThrow("db-0-2");
		await expect(view("db-1-0")).rejects.toThrow("db-1-0");
		scale(3);
		expect((await view("db-0-2")).replica.name).toBe("db-0-2");
		await expect(view("db-0-3")).rejects.toThrow("db-0-3");
		scale(undefined);
		await expect(view("db-0-2")).rejects.toThrow("db-0-2");
		api.objects.delete("statefulsets/db-0");
		expect((await view("db-0-1")).replica.name).toBe("db-0-1");
		// What belongs to nobody is none without a StatefulSet.
		await cluster.record.under(claim, ({ owner: _, ...now }) => now);
		await expect(view("db-0-1")).rejects.toThrow("db-0-1");
	});

	it("of a stopped cluster says so, once its pod is gone", async () => {
		const kept = api.objects.get("pods/db-0-0");
		scale(0);
		expect((await view()).phase).toBe("stopped");
		api.put("pods", { ...kept, status: { ...kept.status, ...unready } });
		expect((await view()).phase).not.toBe("stopped");
	});

	it("that was scaled away fails, also while its pod is still there and lacks rows", async () => {
		const kept = api.objects.get("pods/db-0-1");
		scale(1);
		expect(await view("db-0-1")).toMatchObject({ failure: { cause: "scaled" } });
		api.put("pods", { ...kept, status: { ...kept.status, ...unready } });
		api.answer = queue({ inserts_in_queue: 4 });
		expect(await view("db-0-1")).toMatchObject({ failure: { cause: "scaled" } });
	});

	it("that never started shows what starts", async () => {
		pod("db-0-0", unready, fresh);
		expect(await view()).toMatchObject({ starting: "1.8.0" });
		Object.assign(api.objects.get("pods/db-0-0").metadata, { deletionTimestamp: new Date().toISOString() });
		expect(await view()).not.toHaveProperty("starting");
	});

	it("that exits again and again shows its last words", async () => {
		pod("db-0-0", unready, crashed);
		expect(await view()).toMatchObject({ cause: "exits", failure: { words: expect.stringContaining("Code: 36") } });
		expect(await view()).not.toHaveProperty("starting");
	});

	it("that starts shows the last line of its log, of the run before while it waits", async () => {
		const logs: string[] = [];
		const send = api.send.bind(api);
		api.send = async (call) => {
			if (!call.path.includes("/log?")) return send(call);
			logs.push(new URL(call.path, api.server).searchParams.get("previous") ?? "");
			return { status: 200, text: "loading tables" };
		};
		api.answer = () => ({ status: 503, text: "not yet" });
		pod("db-0-0", unready, { ready: false, started: false });
		expect((await view()).phase).toContain("loading tables");
		pod("db-0-0", unready, { ...crashed, lastState: {} });
		await view();
		pod("db-0-0", unready, { ...crashed, restartCount: 0, lastState: {} });
		await view();
		expect(logs).toEqual(["false", "true", "false"]);
		// One that has started tells itself.
		pod("db-0-0", unready, { started: true, state: { running: {} } });
		await view();
		expect(logs).toHaveLength(3);
	});

	it("shows the last line of its log also behind lines that are longer than what a kubelet gives", async () => {
		const line = (index: number) =>
			`2026.11.30 07:00:00.000000 [ 1 ] {} <Information> part ${index} ${"x".repeat(3000)}`;
		const log = [...Array.from({ length: 19 }, (_, index) => line(index)), "loading tables"];
		const send = api.send.bind(api);
		api.send = async (call) => {
			if (!call.path.includes("/log?")) return send(call);
			const query = new URL(call.path, api.server).searchParams;
			const tail = log.slice(-Number(query.get("tailLines"))).join("\n");
			return { status: 200, text: tail.slice(0, Number(query.get("limitBytes"))) };
		};
		api.answer = () => ({ status: 503, text: "not yet" });
		pod("db-0-0", unready, { ready: false, started: false });
		expect((await view()).phase).toContain("loading tables");
	});

	it("without a pod shows the events of its StatefulSet, before its start those of its pod", async () => {
		const asked: string[] = [];
		const send = api.send.bind(api);
		let status = 200;
		api.send = async (call) => {
			if (!call.path.includes("/events?")) return send(call);
			asked.push(new URL(call.path, api.server).searchParams.get("fieldSelector") ?? "");
			const event = { metadata: { name: "e" }, reason: "FailedCreate", message: "exceeded quota: compute" };
			return { status, text: JSON.stringify({ items: [event] }) };
		};
		api.objects.delete("pods/db-0-0");
		expect(await view()).toMatchObject({ cause: "quota" });
		status = 403;
		expect(await view()).not.toHaveProperty("cause");
		pod("db-0-1", unready, fresh);
		await view("db-0-1");
		const uid = (key: string) => `involvedObject.uid=${api.objects.get(key).metadata.uid}`;
		expect(asked).toEqual([uid("statefulsets/db-0"), uid("statefulsets/db-0"), uid("pods/db-0-1")]);
	});

	it("that lacks rows shows how many parts it has still to fetch", async () => {
		pod("db-0-0", unready);
		api.answer = queue({ inserts_in_queue: 4 });
		expect(await view()).toMatchObject({ cause: "replication", left: 4, phase: expect.stringContaining("4") });
		api.answer = queue({ inserts_in_queue: 0 });
		expect(await view()).toMatchObject({ cause: "replication", left: 0, phase: expect.not.stringContaining("0") });
	});

	it("that lacks Keeper says so", async () => {
		pod("db-0-0", unready);
		api.answer = queue({ is_readonly: 1 });
		expect(await view()).toMatchObject({ cause: "keeper", replica: { readOnly: true } });
	});

	it("that is ready and gets no clients was taken out, or is still to join", async () => {
		scale(3);
		for (const name of ["db-0-0", "db-0-2"])
			delete api.objects.get(`pods/${name}`).metadata.labels["pulumi-dbcluster/clients"];
		const [out, joins] = [await view("db-0-0"), await view("db-0-2")];
		expect(out.phase).toContain("endpoints");
		expect(joins.phase).toContain("copying");
	});

	it("that gives no answer in time can't take over from another, and one that always answers with an error may", async () => {
		api.answer = () => ({ status: 500, text: "Code: 1" });
		expect((await view()).replica.caughtUp).toBeUndefined();
		api.answer = () => {
			throw new TimedOut("no answer within 10 seconds");
		};
		expect((await view()).replica.caughtUp).toBe(false);
		api.answer = () => {
			throw new TypeError("bug");
		};
		await expect(view()).rejects.toThrow("bug");
	});
});
