import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Claim } from "../../src/control/port";
import { AdoptedCluster } from "../../src/platforms/kubernetes/adopted/cluster";
import { adoptedControl } from "../../src/platforms/kubernetes/adopted/control";
import { change } from "../../src/platforms/kubernetes/adopted/template";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { type KubernetesControl, kubernetesControl } from "../../src/platforms/kubernetes/control";
import { roll } from "../../src/roll/roll";
import { environment, Space, unavailable, versions } from "./harness";
import { startLoad } from "./load";
import { kubectl, obstacles, running, serviceOf, setOf, settingsFor, untilServing } from "./made-by-others";
import { makeRows } from "./tables";

const minute = 60_000;
const shards = ["shop-clickhouse-shard0", "shop-clickhouse-shard1"];
const replicas = shards.flatMap((set) => [`${set}-0`, `${set}-1`]);
const its = { statefulSets: shards, services: ["shop-clickhouse"], container: "db" };
const drained = { "pulumi-dbcluster/clients": "db" };

/** What a chart made, under load: each test goes on where the one before ended. */
describe.skipIf(unavailable !== undefined)("what a Helm chart made", () => {
	let space: Space;
	let before: Awaited<ReturnType<typeof running>>;

	const settings = (more: object = {}) => settingsFor(space, { ...its, ...more });
	const control = () => adoptedControl("db", settings());
	const spec = () => ({
		name: "db",
		owner: "project/stack/db",
		generation: "g1",
		version: versions.v1,
		shards: 2,
		replicas: 2,
		settings: settings(),
	});
	const holding = async (change: (its: KubernetesControl, claim: Claim) => Promise<unknown>) => {
		const its = control();
		const claim = await its.claim("the test", 600);
		try {
			return await change(its, claim);
		} finally {
			await its.release(claim);
		}
	};
	const load = async () => {
		await space.reachable("shop-clickhouse");
		return startLoad({ endpoint: await space.endpoint("shop-clickhouse"), table: "rows", pause: 50 });
	};

	beforeAll(async () => {
		space = await Space.open();
		const { install } = await import("./helm.mts");
		await install(space);
		await untilServing(space, replicas);
		await makeRows(space, replicas);
		before = await running(space, replicas, "data");
	}, 4 * minute);
	afterAll(() => space?.close());

	test("is refused with everything that is wrong at once", async () => {
		await kubectl(space, ["create", "service", "clusterip", "other", "--tcp=8123"]);
		const wrong = {
			statefulSets: ["shop-clickhouse-shard0", "shop-clickhouse-shard9"],
			services: ["shop-clickhouse", "shop-clickhouse-headless", "other"],
			container: "clickhouse",
		};
		const found = await obstacles(settings(wrong), versions.v2, 1, 3);
		expect(found.map(({ property, reason }) => `${property}: ${reason}`)).toEqual([
			"shards: 1 is not the number of StatefulSets, and each of them is one shard. Set shards to 2.",
			`kubernetes.existing.statefulSets: the namespace ${space.namespace} has no StatefulSet shop-clickhouse-shard9. It has ${shards.join(", ")}.`,
			"replicas: spec.replicas of the StatefulSet shop-clickhouse-shard0 is 2. Set replicas to 2.",
			"kubernetes.existing.container: shop-clickhouse-shard0 has no container clickhouse. It has metrics, db.",
			expect.stringContaining("kubernetes.existing.services: shop-clickhouse-headless is headless"),
		]);
	});

	test("is refused where the pods, the images or the Services are not what they are said to be", async () => {
		const one = { statefulSets: ["shop-clickhouse-shard0"] };
		const reasons = async (more: object, version = versions.v1, count = 2) =>
			(await obstacles(settings(more), version, count)).map(({ property, reason }) => `${property}: ${reason}`);
		expect(await reasons(one, versions.v1, 1)).toEqual([
			"kubernetes.existing.services: shop-clickhouse also sends clients to shop-clickhouse-shard1-0, shop-clickhouse-shard1-1, which would lose those clients, because DbCluster adds a label to the selector of shop-clickhouse. Add the StatefulSet of those pods to kubernetes.existing.statefulSets, or name a Service that selects only these replicas.",
		]);
		expect(await reasons({ services: ["shop-clickhouse-headless", "other", "none"] })).toEqual([
			expect.stringContaining("shop-clickhouse-headless is headless"),
			expect.stringContaining("other does not select shop-clickhouse-shard0-0"),
			`kubernetes.existing.services: the namespace ${space.namespace} has no Service none. These Services select the pods: shop-clickhouse.`,
		]);
		expect(await reasons({}, versions.v2)).toEqual(
			replicas.map((name) => expect.stringContaining(`version: ${name} runs 1.7.1. Set version to 1.7.1`)),
		);
		expect(await reasons({ httpPort: 8124 })).toEqual(
			replicas.map((name) => expect.stringContaining(`${name} can't be queried at port 8124`)),
		);
	});

	test("may have been begun by somebody who died", async () => {
		const died = new AdoptedCluster("db", settings());
		await change(died, 0);
		expect(await obstacles(settings(), versions.v1, 2)).toEqual([]);
		expect(await running(space, replicas, "data")).toEqual(before);
	});

	test("is taken over without a restart, and no SELECT fails meanwhile", async () => {
		const under = await load();
		await holding((its, claim) => its.create(claim, spec()));
		await vi.waitFor(() => expect(under.seen.selects).toBeGreaterThan(20), { timeout: minute });
		const { failedSelects, failedInserts } = await under.stop();
		expect([...failedSelects, ...failedInserts]).toEqual([]);
		expect(await running(space, replicas, "data")).toEqual(before);
		expect(before.map(({ restarts }) => restarts)).toEqual(replicas.map(() => [0, 0]));

		const observed = await control().observe();
		expect(observed?.state).toBe("Started");
		expect(observed?.replicas).toEqual(
			replicas.map((name, index) => ({
				name,
				shard: Math.floor(index / 2),
				ordinal: index % 2,
				version: versions.v1,
				openedBy: versions.v1,
				serving: true,
				readOnly: false,
				caughtUp: true,
			})),
		);
		for (const name of shards) {
			const set = await setOf(space, name);
			expect(set?.spec.updateStrategy).toEqual({ type: "OnDelete" });
			expect(set?.spec.template.metadata?.labels).toMatchObject(drained);
		}
		expect((await serviceOf(space, "shop-clickhouse"))?.spec.selector).toMatchObject(drained);
	});

	test("is taken over a second time without a change", async () => {
		const generations = () => Promise.all(shards.map(async (name) => (await setOf(space, name))?.metadata.generation));
		const made = await generations();
		await holding((its, claim) => its.configure(claim, spec()));
		expect(await generations()).toEqual(made);
		expect(await running(space, replicas, "data")).toEqual(before);
	});

	test("keeps its size and its StatefulSets: those are changed where they were made", async () => {
		const reasons = async (more: object, wanted: object = {}) =>
			(await adoptedControl("db", settings(more)).assess({ ...spec(), ...wanted })).obstacles.map(
				({ property }) => property,
			);
		expect(await reasons({})).toEqual([]);
		expect(await reasons({}, { replicas: 3 })).toEqual(["replicas", "replicas"]);
		expect(await reasons({ statefulSets: [...shards].reverse() })).toEqual(["kubernetes.existing"]);
		expect(await reasons({ services: ["none"] })).toEqual(["kubernetes.existing.services"]);
		const own = await kubernetesControl("db", space.settings()).assess(spec());
		expect(own.obstacles).toContainEqual(expect.objectContaining({ property: "kubernetes.existing" }));
	});

	test("is updated replica by replica, with its volumes, while every SELECT is answered", async () => {
		const under = await load();
		const restarted: string[] = [];
		const { cluster } = await roll({
			control: control(),
			to: versions.v2,
			holder: "the test",
			timing: { drainSeconds: 10, shardsAtOnce: 1 },
			report: (event) => {
				if (event.event === "restarting") restarted.push(event.replica);
			},
		});
		const seen = await under.stop();
		expect(seen.failedSelects).toEqual([]);
		expect(seen.selects).toBeGreaterThan(50);
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas.map(({ version }) => version)).toEqual(replicas.map(() => versions.v2));
		expect(restarted).toEqual([replicas[1], replicas[0], replicas[3], replicas[2]]);

		const after = await running(space, replicas, "data");
		expect(after.map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
		for (const [index, { uid, restarts }] of after.entries()) {
			expect(uid).not.toBe(before[index]?.uid);
			expect(restarts).toEqual([0, 0]);
		}
		// What else the chart says of its pods is as it was.
		const pods = await space.api.list<Pod>("pods", { labels: "shard=0" });
		for (const { spec } of pods) expect(spec.containers.map(({ name }) => name)).toEqual(["metrics", "db"]);
		for (const pod of replicas) expect(await space.queryPod(pod, "SELECT count() > 0 FROM rows")).toBe("1");
	});

	test("is mended where all pods of a shard fail, and its author's OrderedReady makes one only after the other", async () => {
		const [first = "", second = ""] = replicas.slice(2);
		await kubectl(space, [
			"set",
			"image",
			"statefulset/shop-clickhouse-shard1",
			`db=${environment.image}:${versions.crash}`,
		]);
		await kubectl(space, ["delete", "pod", first, second]);
		await vi.waitFor(
			async () => {
				const status = (await space.api.get<Pod>("pods", first))?.status?.containerStatuses?.find(
					({ name }) => name === "db",
				);
				expect(status?.restartCount).toBeGreaterThanOrEqual(2);
			},
			{ timeout: 2 * minute, interval: 500 },
		);
		expect(await space.api.get<Pod>("pods", second)).toBeUndefined();
		const { cluster } = await roll({
			control: control(),
			to: versions.v3,
			holder: "the test",
			timing: { drainSeconds: 5 },
		});
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas.map(({ version }) => version)).toEqual(replicas.map(() => versions.v3));
	});

	test("is not stopped while Kubernetes would delete its volume claims; the refusal says what to do", async () => {
		const policy = (whenScaled: string) =>
			JSON.stringify({ spec: { persistentVolumeClaimRetentionPolicy: { whenScaled } } });
		await kubectl(space, ["patch", "statefulset", shards[0] ?? "", "--patch", policy("Delete")]);
		const { obstacles: found } = await control().assess({ ...spec(), version: versions.v3, desiredState: "Stopped" });
		expect(found.map(({ property }) => property)).toEqual(["desiredState"]);
		await expect(holding((its, claim) => its.stop(claim))).rejects.toThrow(found[0]?.reason);
		const [, set = "", patch = ""] = /patch statefulset (\S+) --patch '(.*)'$/.exec(found[0]?.reason ?? "") ?? [];
		await kubectl(space, ["patch", "statefulset", set, "--patch", patch]);
		const after = await control().assess({ ...spec(), version: versions.v3, desiredState: "Stopped" });
		expect(after.obstacles).toEqual([]);
	});

	test("is stopped and started, with its volumes", async () => {
		await holding((its, claim) => its.stop(claim));
		await vi.waitFor(async () => expect((await control().observe())?.state).toBe("Stopped"), {
			timeout: 2 * minute,
			interval: 500,
		});
		await holding((its, claim) => its.start(claim));
		await vi.waitFor(async () => expect((await control().observe())?.state).toBe("Started"), {
			timeout: 2 * minute,
			interval: 500,
		});
		const after = await running(space, replicas, "data");
		expect(after.map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
	});

	test("is let go by destroy, and goes on", async () => {
		const now = await running(space, replicas, "data");
		const under = await load();
		await holding((its, claim) => its.destroy(claim, { data: false }));
		await vi.waitFor(() => expect(under.seen.selects).toBeGreaterThan(20), { timeout: minute });
		expect((await under.stop()).failedSelects).toEqual([]);
		expect(await running(space, replicas, "data")).toEqual(now);
		expect(await control().observe()).toBeUndefined();
		expect((await serviceOf(space, "shop-clickhouse"))?.spec.selector).not.toHaveProperty(["pulumi-dbcluster/clients"]);

		// And can be taken over once more.
		expect(await obstacles(settings(), versions.v3, 2)).toEqual([]);
	});
});
