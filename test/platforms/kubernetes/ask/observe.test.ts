import { describe, expect, it } from "vitest";
import { TimedOut } from "../../../../src/platforms/kubernetes/api/errors";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import type { ApiAnswer, Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { look, observe } from "../../../../src/platforms/kubernetes/ask/observe";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";

const now = Date.parse("2026-11-23T10:05:00Z");
const metadata = { name: "db-0", labels: { "pulumi-dbcluster/cluster": "db", "pulumi-dbcluster/shard": "0" } };
const set = { metadata, spec: { replicas: 1, template: { spec: { containers: [] } } } };
const secret = { metadata: { name: "p" }, data: { password: "cA==" } };

const isReady = ({ status }: Pod) =>
	status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");

/** A cluster of one replica with this pod, whose server answers every question with no rows unless given. */
function clusterOf(pod: Pod, answer: () => ApiAnswer = () => ({ status: 200, text: "" })): Cluster {
	const slice = {
		metadata: { name: "db-1", labels: { "kubernetes.io/service-name": "db" } },
		endpoints: [{ conditions: { ready: true }, targetRef: { uid: pod.metadata.uid } }],
	};
	const objects: Record<string, readonly { readonly metadata: { readonly name: string } }[]> = {
		statefulsets: [set],
		pods: [pod],
		secrets: [secret],
		endpointslices: isReady(pod) ? [slice] : [],
	};
	const connection: Connection = {
		server: "https://test",
		now: () => now,
		awayAt: () => undefined,
		async send({ path }) {
			if (path.includes("/proxy/")) return answer();
			const [, kind = "", name] = /namespaces\/default\/(\w+)(?:\/([^/?]+))?/.exec(path) ?? [];
			const all = objects[kind] ?? [];
			const found = name === undefined ? { items: all } : all.find(({ metadata }) => metadata.name === name);
			return found === undefined ? { status: 404, text: "{}" } : { status: 200, text: JSON.stringify(found) };
		},
	};
	const read = readSettings({ namespace: "default", image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	return new Cluster("db", read.settings, undefined, connection);
}

const server = { name: "server", imageID: "i", started: true, ready: true, state: { running: {} } };
const podWith = (status: Pod["status"], more: object = {}): Pod => ({
	metadata: { ...metadata, name: "db-0-0", uid: "u", ...more },
	spec: { containers: [{ name: "server", image: "a/b:1.8.0" }], nodeName: "node-7" },
	status: { conditions: [{ type: "Ready", status: "False" }], ...status },
});

describe("a look at a replica that is ready", () => {
	const ready = podWith({ conditions: [{ type: "Ready", status: "True" }], containerStatuses: [server] });
	const seen = async (answer?: () => ApiAnswer) => (await look(clusterOf(ready, answer), "db-0-0")).replica;

	it("does not hold against it what its server says that it can't tell", async () => {
		const forbidden = () => ({ status: 403, text: "Code: 497. DB::Exception: Not enough privileges" });
		expect(await seen(forbidden)).toMatchObject({ serving: true, caughtUp: undefined });
	});

	it("says which of its tables is in the way", async () => {
		const table = { database: "shop", table: "rows", is_readonly: 1, log_pointer: 1, total_replicas: 2 };
		expect(await seen(() => ({ status: 200, text: JSON.stringify(table) }))).toMatchObject({
			serving: true,
			caughtUp: false,
			trouble: "its table shop.rows is read-only or cut off from Keeper",
		});
	});

	it("takes it for none that can stand in for another while its server gives no answer", async () => {
		const silent = () => {
			throw new TimedOut("no answer within 10 seconds");
		};
		expect(await seen(silent)).toMatchObject({ serving: true, caughtUp: false });
		for (const text of [
			"Code: 202. DB::Exception: Too many simultaneous queries. Maximum: 100. (TOO_MANY_SIMULTANEOUS_QUERIES)",
			"Code: 202, e.displayText() = DB::Exception: Too many simultaneous queries. Maximum: 100",
			"Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)",
		])
			expect(await seen(() => ({ status: 500, text })), text).toMatchObject({ serving: true, caughtUp: false });
		expect(await seen()).toMatchObject({ caughtUp: true });
	});
});

describe("a replica whose server answers and which clients don't reach", () => {
	it("waits for the sidecar that is not ready", async () => {
		const proxy = { name: "istio-proxy", ready: false, state: { running: {} } };
		const { phase } = await look(clusterOf(podWith({ containerStatuses: [proxy, server] })), "db-0-0");
		expect(phase).toBe("its container istio-proxy is not ready");
	});

	it("is about to be let in before its own probe has succeeded", async () => {
		const { phase } = await look(clusterOf(podWith({ containerStatuses: [{ ...server, ready: false }] })), "db-0-0");
		expect(phase).toBe("its server answers, and its pod is not Ready yet");
	});

	it("stops, and where that takes too long its node is asked for, in previews as well", async () => {
		const ending = (deletionTimestamp: string) =>
			clusterOf(podWith({ containerStatuses: [server] }, { deletionTimestamp }));
		const seen = async (cluster: Cluster) => (await observe(cluster))?.replicas[0]?.trouble;
		expect(await look(ending("2026-11-23T10:04:30Z"), "db-0-0")).toMatchObject({ phase: "stopping" });
		expect(await seen(ending("2026-11-23T10:04:30Z"))).toBeUndefined();
		const lost = "past its grace period; its node may be gone (kubectl get node node-7)";
		expect(await look(ending("2026-11-23T10:03:30Z"), "db-0-0")).toMatchObject({ phase: `stopping: ${lost}` });
		expect(await seen(ending("2026-11-23T10:03:30Z"))).toBe(`does not stop: ${lost}`);
	});
});

describe("a replica that no node has room for yet", () => {
	const message = "0/1 nodes are available: 1 Insufficient cpu.";
	const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable", message };
	const words = "no node fits: 0/1 nodes are available: 1 Insufficient cpu";
	const cluster = () =>
		clusterOf(
			podWith({ phase: "Pending", conditions: [{ ...unscheduled, lastTransitionTime: "2026-11-23T10:04:45Z" }] }),
		);

	it("shows why in its phase and its trouble, and a rollout still waits for the node", async () => {
		const view = await look(cluster(), "db-0-0");
		expect(view).toMatchObject({ phase: words, cause: "scheduling", replica: { trouble: words, cause: "scheduling" } });
		expect(view.failure).toBeUndefined();
		expect(await observe(cluster())).toMatchObject({ state: "Degraded", replicas: [{ trouble: words }] });
	});
});
