import { beforeEach, expect, test, vi } from "vitest";
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

beforeEach(() => {
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
