import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { reasonsIn } from "../../reasons";
import { FakeApi, type Thing } from "./fake-api";

const cluster = vi.hoisted(() => ({ api: undefined as unknown }));
vi.mock("../../../src/platforms/kubernetes/api/connection", () => ({ connect: () => cluster.api }));
vi.mock("../../../src/roll/clock", async (original) => {
	let now = Date.now();
	const sleep = async (milliseconds: number) => {
		now += milliseconds;
		await new Promise(setImmediate);
	};
	return { ...(await original<object>()), systemClock: { now: () => now, sleep } };
});

type Properties = Record<string, unknown>;

let api: FakeApi;
/** What Pulumi keeps. */
let state: { id: string; inputs: Properties; outs: Properties };

const base = {
	owner: "p/s/db",
	name: "db",
	version: "1.8.0",
	replicas: 2,
	kubernetes: { namespace: "db", image: "127.0.0.1:1/db", passwordSecret: { name: "p" } },
	versions: { list: [{ version: "1.8.0" }, { version: "1.9.0" }] },
	update: { policy: "any", rehearsal: { policy: "off" } },
};

/** Some time later: what a run has listed of a namespace is not asked for again. */
const nextRun = () => {
	later += 60_000;
};
const clock = Date.now;
let later = 0;

afterEach(() => void vi.restoreAllMocks());
beforeEach(() => {
	vi.spyOn(Date, "now").mockImplementation(() => clock() + later);
	vi.spyOn(console, "log").mockImplementation(() => {});
	api = new FakeApi("db");
	api.put("secrets", { metadata: { name: "p" }, data: { password: "cA==" } });
	cluster.api = api;
});

async function created(args: Properties = {}): Promise<void> {
	const { inputs = {} } = await provider.check({}, { ...base, ...args });
	const { id, outs = {} } = await provider.create(inputs);
	state = { id, inputs, outs };
}

async function preview(args: Properties) {
	const { inputs = {}, failures = [] } = await provider.check(state.inputs, { ...base, ...args });
	const { changes } = await provider.diff(state.id, state.outs, inputs);
	return { inputs, changes, refused: reasonsIn(failures) };
}

/** An `up` that its preview allows. Returns the state that the cluster is in, or why it failed. */
async function up(args: Properties): Promise<unknown> {
	const { inputs, changes, refused } = await preview(args);
	expect(refused).toEqual([]);
	expect(changes).toBe(true);
	try {
		const { outs = {} } = await provider.update(state.id, state.outs, inputs);
		state = { ...state, inputs, outs };
		return outs.state;
	} catch (error) {
		return (error as Error).message;
	}
}

const unschedulable = {
	phase: "Pending",
	conditions: [
		{
			type: "PodScheduled",
			status: "False",
			reason: "Unschedulable",
			message: "0/2 nodes are available: 2 Insufficient memory.",
			lastTransitionTime: "2026-11-23T10:00:00Z",
		},
	],
};
const unpulled = {
	phase: "Pending",
	conditions: [{ type: "PodScheduled", status: "True" }],
	containerStatuses: [
		{
			name: "server",
			imageID: "",
			ready: false,
			restartCount: 0,
			state: { waiting: { reason: "ImagePullBackOff", message: "unauthorized" } },
		},
	],
};

/** A replica whose node was lost, and whose next pod does not start. */
async function lost(name: string, status: Thing): Promise<void> {
	await api.send({ method: "DELETE", path: `/api/v1/namespaces/db/pods/${name}` });
	api.put("pods", { ...api.objects.get(`pods/${name}`), status });
}

test.each([
	["resources are lowered", unschedulable, { resources: { requests: { memory: "1Gi" } } }],
	["a Secret for the registry is added", unpulled, { imagePullSecrets: ["registry"] }],
])("a replica whose pod never started comes up once %s", async (_, status, settings) => {
	await created();
	await lost("db-0-1", status);
	expect(await up({ kubernetes: { ...base.kubernetes, ...settings } })).toBe("Started");
	expect(api.all("pods").map((pod) => pod.status.phase)).toEqual(["Running", "Running"]);
});

test.each([{ deletionPolicy: "Delete" }, { owner: "p/renamed/db" }])(
	"while a replica's pod never started, %o is set, and then the wait for the replica fails",
	async (args) => {
		await created();
		await lost("db-0-1", unschedulable);
		expect(await up(args)).toMatch(/^'db' did not reach the state Started/);
	},
);

test.each([
	["Stopped", { desiredState: "Stopped" }, 0],
	["Started", { replicas: 3 }, 3],
])("while a replica's pod never started, the cluster becomes %s by %o", async (becomes, args, replicas) => {
	await created();
	await lost("db-0-1", unschedulable);
	expect(await up(args)).toBe(becomes);
	expect(api.objects.get("statefulsets/db-0").spec.replicas).toBe(replicas);
});

test("another version is refused as long as a replica's pod never started", async () => {
	await created();
	await lost("db-0-1", unschedulable);
	const { refused } = await preview({ version: "1.9.0" });
	expect(refused).toEqual([expect.stringMatching(/^version: the cluster is Degraded \(db-0-1: no node fits/)]);
});

/** As `kubectl delete statefulset`; `orphan` leaves its pods. */
function deleteSet(name: string, { orphan = false } = {}): void {
	api.objects.delete(`statefulsets/${name}`);
	const pods = orphan ? [] : api.all("pods").filter(({ metadata }) => metadata.name.replace(/-\d+$/, "") === name);
	for (const { metadata } of pods) api.objects.delete(`pods/${metadata.name}`);
}

const imagesOf = (kind: string) =>
	api.all(kind).map(({ spec: { template, ...spec } }) => (template?.spec ?? spec).containers[0].image);
const sizes = () => api.all("statefulsets").map(({ metadata, spec }) => `${metadata.name}=${spec.replicas}`);

describe("a StatefulSet that was deleted", () => {
	it("is noticed by the next up of an unchanged program, which creates it again on its volumes, each time", async () => {
		await created({ shards: 2 });
		for (const _ of ["first", "second"]) {
			deleteSet("db-0");
			nextRun();
			const { inputs } = await preview({ shards: 2 });
			expect(inputs.scaled).toMatch(/^StatefulSet db-0 was deleted outside Pulumi \(after claim \d+\)$/);
			expect(inputs.caveats).toEqual({
				"settings at 1.8.0": expect.objectContaining({
					rejoins: "db-0-0 and db-0-1 were removed outside Pulumi and are created again on their volumes",
				}),
			});
			expect(await up({ shards: 2 })).toBe("Started");
			expect(sizes().sort()).toEqual(["db-0=2", "db-1=2"]);
			nextRun();
			expect((await preview({ shards: 2 })).changes).toBe(false);
		}
	});

	it("comes back before another version is set: what its replicas hold is not known", async () => {
		await created({ shards: 2 });
		deleteSet("db-0");
		const { refused } = await preview({ shards: 2, version: "1.9.0" });
		const why = "its StatefulSet db-0 is gone; pulumi up without another version restores it";
		expect(refused).toEqual([expect.stringContaining(`the cluster is Degraded (db-0-0: ${why} and db-0-1: ${why})`)]);
		expect(await up({ shards: 2 })).toBe("Started");
		expect(new Set(imagesOf("pods"))).toEqual(new Set(["127.0.0.1:1/db:1.8.0"]));
		expect(await up({ shards: 2, version: "1.9.0" })).toBe("Started");
		expect(new Set(imagesOf("pods"))).toEqual(new Set(["127.0.0.1:1/db:1.9.0"]));
	});

	it("gets other settings with its return", async () => {
		await created({ shards: 2 });
		deleteSet("db-0");
		const resources = { requests: { memory: "1Gi" } };
		expect(await up({ shards: 2, kubernetes: { ...base.kubernetes, resources } })).toBe("Started");
		const requests = api.all("pods").map(({ spec }) => spec.containers[0].resources.requests.memory);
		expect(requests).toEqual(["1Gi", "1Gi", "1Gi", "1Gi"]);
	});

	it("is created again where it was the only one, and found by a refresh as well", async () => {
		await created();
		deleteSet("db-0");
		const { inputs = {}, props = {} } = await provider.read(state.id, state.outs);
		expect(inputs.replicas).toBe(2);
		state = { ...state, inputs, outs: props };
		expect(await up({})).toBe("Started");
		expect(imagesOf("pods")).toEqual(["127.0.0.1:1/db:1.8.0", "127.0.0.1:1/db:1.8.0"]);
	});

	it("that left its pods takes them back, and no replica restarts", async () => {
		await created();
		const uids = api.all("pods").map(({ metadata }) => metadata.uid);
		deleteSet("db-0", { orphan: true });
		expect((await preview({})).inputs.caveats).toBe(undefined);
		expect(await up({})).toBe("Started");
		expect(api.all("pods").map(({ metadata }) => metadata.uid)).toEqual(uids);
		expect(sizes()).toEqual(["db-0=2"]);
	});

	it("of a stopped cluster is created again without a replica", async () => {
		const args = { shards: 2, desiredState: "Stopped" };
		await created({ shards: 2 });
		expect(await up(args)).toBe("Stopped");
		deleteSet("db-1");
		expect(await up(args)).toBe("Stopped");
		expect(sizes()).toEqual(["db-0=0", "db-1=0"]);
		expect(await up({ shards: 2, desiredState: "Started" })).toBe("Started");
	});

	it("that an unfinished update had taken further comes back with the version that opened some of its data", async () => {
		await created();
		const record = api.objects.get("configmaps/db-dbcluster");
		const mark = { from: "1.8.0", to: "1.9.0", since: "2026-11-23T10:00:00Z" };
		const openedBy = { "db-0-0": "1.8.0", "db-0-1": "1.9.0" };
		const stored = { ...JSON.parse(record.data.record), mark, openedBy };
		api.put("configmaps", { ...record, data: { ...record.data, record: JSON.stringify(stored) } });
		deleteSet("db-0");
		expect(await up({ version: "1.9.0" })).toBe("Started");
		expect(imagesOf("pods")).toEqual(["127.0.0.1:1/db:1.9.0", "127.0.0.1:1/db:1.9.0"]);
	});
});

test("a Service that is deleted once more is created again once more", async () => {
	await created();
	for (const _ of ["first", "second"]) {
		api.objects.delete("services/db-headless");
		const { inputs = {}, props = {} } = await provider.read(state.id, state.outs);
		state = { ...state, inputs, outs: props };
		expect(await up({})).toBe("Started");
		expect(api.objects.has("services/db-headless")).toBe(true);
	}
});

describe("an idle cluster", () => {
	const idle = { "pulumi-dbcluster/idle": "true" };
	const suspend = () => {
		for (const { metadata, ...set } of api.all("statefulsets"))
			api.put("statefulsets", {
				metadata: { ...metadata, annotations: idle },
				...set,
				spec: { ...set.spec, replicas: 0 },
			});
	};

	it.each([3, 1])("is woken for another size, and stays Started: %i replicas", async (replicas) => {
		await created();
		suspend();
		const { inputs } = await preview({ replicas });
		expect(JSON.stringify(inputs.caveats)).toMatch(replicas === 3 ? /"joins":"db-0-2 / : /"leaves":"db-0-1 /);
		expect(console.log).toHaveBeenCalledWith("db is Idle: the update wakes it first.");
		expect(await up({ replicas })).toBe("Started");
		expect(sizes()).toEqual([`db-0=${replicas}`]);
	});

	it("in the middle of an update completes that before its size changes", async () => {
		await created();
		suspend();
		const record = api.objects.get("configmaps/db-dbcluster");
		const mark = { from: "1.8.0", to: "1.8.0", since: "2026-11-23T10:00:00Z" };
		api.put("configmaps", {
			...record,
			data: { ...record.data, record: JSON.stringify({ ...JSON.parse(record.data.record), mark }) },
		});
		expect((await preview({ replicas: 3 })).refused).toEqual([
			"replicas: 'db' is Idle in the middle of an update, and replicas can only be added or removed while it runs. Set shards to 1 and replicas to 2 and run pulumi up, which wakes it and completes the update; then change the size.",
		]);
		expect(await up({})).toBe("Started");
		expect(await up({ replicas: 3 })).toBe("Started");
	});
});

/** Somebody, or a stop or start of our own that was cut short, left a shard of two without replicas. */
function leaveOut(name: string, more: object = {}): void {
	const set = api.objects.get(`statefulsets/${name}`);
	api.put("statefulsets", { ...set, metadata: { ...set.metadata, ...more }, spec: { ...set.spec, replicas: 0 } });
}

describe("a cluster of which only some shards run", () => {
	const two = { shards: 2 };
	const idle = { annotations: { "pulumi-dbcluster/idle": "true" } };

	it("after a start that was cut short is started by the next one", async () => {
		await created(two);
		expect(await up({ ...two, desiredState: "Stopped" })).toBe("Stopped");
		const send = api.send.bind(api);
		api.send = async (call) => {
			const starts =
				call.method === "PATCH" && call.path.includes("/statefulsets/db-1?") && /"replicas":2/.test(call.body ?? "");
			return starts ? { status: 403, text: JSON.stringify({ message: "a webhook is away" }) } : send(call);
		};
		expect(await up({ ...two, desiredState: "Started" })).toContain("a webhook is away");
		expect(sizes()).toEqual(["db-0=2", "db-1=0"]);
		api.send = send;
		expect(await up({ ...two, desiredState: "Started" })).toBe("Started");
		expect(sizes()).toEqual(["db-0=2", "db-1=2"]);
	});

	it.each([
		["stopped", {}],
		["woken", idle],
	])("is noticed by the next up of an unchanged program, which starts the rest: %s", async (_, more) => {
		await created(two);
		leaveOut("db-1", more);
		const { inputs } = await preview(two);
		expect(inputs.scaled).toMatch(/^StatefulSet db-1 has no replicas while others run \(declared: 2; its generation: /);
		expect(await up(two)).toBe("Started");
		expect(sizes().sort()).toEqual(["db-0=2", "db-1=2"]);
		expect(api.objects.get("statefulsets/db-1").metadata.annotations ?? {}).toEqual({});
	});

	it("gets no other version before the rest runs", async () => {
		await created(two);
		leaveOut("db-0");
		const { refused } = await preview({ ...two, version: "1.9.0" });
		const why = "its StatefulSet db-0 has no replicas; pulumi up without another version restores it";
		expect(refused).toEqual([expect.stringContaining(`the cluster is Degraded (db-0-0: ${why} and db-0-1: ${why})`)]);
		expect(await up(two)).toBe("Started");
		expect(await up({ ...two, version: "1.9.0" })).toBe("Started");
	});

	it("after a stop that was cut short is stopped, and nothing is started before", async () => {
		await created(two);
		leaveOut("db-0");
		api.calls.length = 0;
		const args = { ...two, desiredState: "Stopped" };
		expect((await preview(args)).inputs.caveats).toEqual({
			"Degraded -> Stopped": { state: expect.stringMatching(/^will be stopped/) },
		});
		expect(await up(args)).toBe("Stopped");
		const bodies = api.calls.filter(({ path }) => path.includes("/statefulsets/db-0?")).map(({ body = "{}" }) => body);
		expect(bodies.filter((body) => (JSON.parse(body).spec?.replicas ?? 0) > 0)).toEqual([]);
	});
});
