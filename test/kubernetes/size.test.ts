import { describe, expect, it, vi } from "vitest";
import { liveStatus } from "../../src/cli/look";
import type { EndpointSlice, KubeObject, Pod } from "../../src/platforms/kubernetes/api/types";
import { complete } from "../../src/pulumi/args/complete";
import { Space, unavailable } from "./harness";
import { type Properties, Resource } from "./resource";

const minute = 60_000;
const replicas = ["db-0-0", "db-0-1"];
const versions = { list: [{ version: "1.7.1" }, { version: "1.8.0" }] };

/** A cluster of two replicas at 1.7.1 with a replicated table of 1,000 rows. */
async function started(
	space: Space,
): Promise<{ db: Resource; at: (version: string, more?: Properties) => Properties }> {
	const db = new Resource({
		owner: "project/stack/db",
		name: "db",
		versions,
		update: { policy: "any", drainSeconds: 5 },
	});
	const kubernetes = space.settings();
	const at = (version: string, more: Properties = {}) => ({ version, replicas: 2, kubernetes, ...more });
	await db.up({ ...at("1.7.1") });
	for (const pod of replicas)
		await space.queryPod(
			pod,
			`CREATE TABLE t (n UInt64, d Date DEFAULT toDate('2026-01-01')) ENGINE = ReplicatedMergeTree('/${space.namespace}/t', '{replica}', d, n, 8192)`,
		);
	await space.queryPod("db-0-0", "INSERT INTO t (n) SELECT number FROM numbers(1000)");
	await expectRows(space);
	await space.reachable("db");
	return { db, at };
}

/** Every row is on each replica. */
async function expectRows(space: Space): Promise<void> {
	for (const pod of replicas)
		await vi.waitFor(async () => expect(await space.queryPod(pod, "SELECT count() FROM t")).toBe("1000"), {
			timeout: minute,
			interval: 250,
		});
}

const scale = (space: Space, size: number) => space.api.merge("statefulsets", "db-0", { spec: { replicas: size } });

const podOf = (space: Space, name: string) => space.api.get<Pod>("pods", name);

/** The server of a pod that may never become ready answers. */
const answers = (space: Space, pod: string) =>
	vi.waitFor(() => space.queryPod(pod, "SELECT 1"), { timeout: 2 * minute, interval: 250 });

const inSpace = (test: (space: Space) => Promise<void>) => async () => {
	const space = await Space.open();
	const lines = vi.spyOn(console, "log").mockImplementation(() => {});
	try {
		await test(space);
	} finally {
		lines.mockRestore();
		await space.close();
	}
};

describe.skipIf(unavailable !== undefined)("a size that somebody else asks for", () => {
	it(
		"more replicas: none serves a client, and the next up of the unchanged program takes them away",
		inSpace(async (space) => {
			const { db, at } = await started(space);
			expect(await db.preview(at("1.7.1"))).toMatchObject({ changes: false });
			await scale(space, 3);
			await answers(space, "db-0-2");
			expect(await space.queryPod("db-0-2", "EXISTS TABLE t")).toBe("0");
			for (let query = 0; query < 30; query++) expect(await space.query("db", "SELECT count() FROM t")).toBe("1000");
			expect((await podOf(space, "db-0-2"))?.status?.containerStatuses?.[0]).toMatchObject({ ready: false });

			const { inputs, refused, changes } = await db.preview(at("1.7.1"));
			expect({ refused, changes }).toEqual({ refused: [], changes: true });
			expect(inputs).toMatchObject({
				scaled: expect.stringMatching(
					/^StatefulSet db-0 was scaled to 3 replicas outside Pulumi \(declared: 2; its generation: \d+\)$/,
				),
				caveats: {
					"settings at 1.7.1": {
						leaves:
							"db-0-2 is removed permanently, and its replicated tables are dropped; on Kubernetes its volume is kept",
						order: "no replica restarts",
						writes: "keep working",
					},
				},
			});
			const recorded = {
				urn: "",
				name: "db",
				project: "project",
				stack: "dev",
				id: "kubernetes:ns/db",
				inputs,
				outputs: {},
			};
			expect(await liveStatus(recorded, complete(inputs))).toMatchObject({
				state: "Started",
				scaled: [{ where: "StatefulSet db-0", replicas: 3, wanted: 2 }],
				next: { command: "pulumi up --stack dev" },
			});
			expect(await db.refresh()).toMatchObject({ state: "Started", replicas: 3 });
			expect(await db.preview(at("1.7.1"))).toMatchObject({ changes: true, refused: [] });

			// With rows of its own it stays, and an update is refused by the same words in preview and in up.
			await space.queryPod("db-0-2", "CREATE TABLE own (n UInt64) ENGINE = Log");
			await space.queryPod("db-0-2", "INSERT INTO own VALUES (7)");
			const words =
				"db-0-2 can't be removed: `default`.`own` has rows and does not replicate (Log). Move, flush or drop that data first. Set replicas to 3 to keep it.";
			const bump = await db.preview(at("1.8.0"));
			expect(bump.refused).toEqual([`replicas: ${words}`]);
			await expect(db.apply(bump.inputs)).rejects.toThrow(words);
			expect(await space.queryPod("db-0-2", "SELECT n FROM own")).toBe("7");
			await space.queryPod("db-0-2", "DROP TABLE own");

			const before = await Promise.all(replicas.map(async (pod) => (await podOf(space, pod))?.metadata.uid));
			expect(await db.up(at("1.7.1"))).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
			expect(await podOf(space, "db-0-2")).toBeUndefined();
			expect(await Promise.all(replicas.map(async (pod) => (await podOf(space, pod))?.metadata.uid))).toEqual(before);
			expect(await db.preview(at("1.7.1"))).toMatchObject({ changes: false });

			// The same number once more is news once more, and with a new version goes in one up.
			await scale(space, 3);
			await answers(space, "db-0-2");
			const again = await db.preview(at("1.8.0"));
			expect(again.inputs.caveats).toMatchObject({
				"1.7.1 -> 1.8.0": { leaves: expect.stringContaining("db-0-2"), order: "db-0-1, then db-0-0" },
			});
			expect(await db.up(at("1.8.0"))).toMatchObject({ state: "Started", version: "1.8.0" });
			await expectRows(space);
		}),
	);

	it(
		"a replica that was added may be kept, and joins as a new one does",
		inSpace(async (space) => {
			const { db, at } = await started(space);
			await scale(space, 3);
			await answers(space, "db-0-2");
			await db.up(at("1.7.1", { replicas: 3 }));
			expect(await space.queryPod("db-0-2", "SELECT count() FROM t")).toBe("1000");
			expect((await podOf(space, "db-0-2"))?.status?.containerStatuses?.[0]).toMatchObject({ ready: true });
			await expectRows(space);
		}),
	);

	it(
		"fewer replicas: up of the unchanged program brings them back, and so does an update",
		inSpace(async (space) => {
			const { db, at } = await started(space);
			const gone = () =>
				vi.waitFor(async () => expect(await podOf(space, "db-0-1")).toBeUndefined(), {
					timeout: 2 * minute,
					interval: 250,
				});
			await scale(space, 1);
			await gone();
			expect(await db.refresh()).toMatchObject({ state: "Degraded", replicas: 1 });
			const { inputs, refused, changes } = await db.preview(at("1.7.1"));
			expect({ refused, changes }).toEqual({ refused: [], changes: true });
			expect(inputs.caveats).toMatchObject({
				"settings at 1.7.1": {
					order: "no replica restarts",
					reads: "SELECT keeps working",
					rejoins: "db-0-1 was removed outside Pulumi and is created again on its volume",
				},
			});
			const uid = (await podOf(space, "db-0-0"))?.metadata.uid;
			expect(await db.up(at("1.7.1"))).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
			expect((await podOf(space, "db-0-0"))?.metadata.uid).toBe(uid);
			await expectRows(space);
			expect(await db.preview(at("1.7.1"))).toMatchObject({ changes: false });

			await scale(space, 1);
			await gone();
			const bump = await db.preview(at("1.8.0"));
			expect(bump.refused).toEqual([]);
			expect(bump.inputs.caveats).toMatchObject({
				"1.7.1 -> 1.8.0": { order: "db-0-1, then db-0-0", rejoins: expect.stringContaining("db-0-1") },
			});
			expect(await db.up(at("1.8.0"))).toMatchObject({ state: "Started", version: "1.8.0" });
			await expectRows(space);
		}),
	);

	it(
		"a join that was killed, then the former size again: the new one leaves and nothing restarts, as the preview says",
		inSpace(async (space) => {
			const { db, at } = await started(space);
			const control = space.control();
			// As a process that is killed in the middle of the join leaves it.
			const claim = await control.claim("a killed process", 600);
			const { version } = (await control.observe())?.replicas[0] ?? {};
			if (version === undefined) throw new Error("no version");
			await control.begin(claim, { from: version, to: version, since: new Date().toISOString() });
			const { generation = "" } = (await control.record()) ?? {};
			const spec = { name: "db", owner: "project/stack/db", generation, version, shards: 1, replicas: 3 };
			const settings = space.settings();
			await control.configure(claim, { ...spec, settings });
			await answers(space, "db-0-2");
			await control.release(claim);

			const before = await Promise.all(replicas.map(async (pod) => (await podOf(space, pod))?.metadata.uid));
			const { inputs, refused, changes } = await db.preview(at("1.7.1"));
			expect({ refused, changes }).toEqual({ refused: [], changes: true });
			expect(inputs.caveats).toMatchObject({
				"settings at 1.7.1": { leaves: expect.stringContaining("db-0-2"), order: "no replica restarts" },
			});
			expect(await db.up(at("1.7.1"))).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
			expect(await Promise.all(replicas.map(async (pod) => (await podOf(space, pod))?.metadata.uid))).toEqual(before);
			expect(await podOf(space, "db-0-2")).toBeUndefined();
			await expectRows(space);
		}),
	);

	it(
		"a member that is lost while a new one can't start serves again, and so does the new one once it can",
		inSpace(async (space) => {
			const { db, at } = await started(space);
			// Nobody provides a volume for it, so its pod stays Pending.
			await space.api.create("persistentvolumeclaims", {
				apiVersion: "v1",
				kind: "PersistentVolumeClaim",
				metadata: { name: "data-db-0-2", namespace: space.namespace },
				spec: {
					storageClassName: "none",
					accessModes: ["ReadWriteOnce"],
					resources: { requests: { storage: "1Gi" } },
				},
			} as KubeObject);
			const more = at("1.7.1", { replicas: 3, update: { policy: "any", drainSeconds: 5, stallSeconds: 10 } });
			const serving = async () => {
				const slices = await space.api.list<EndpointSlice>("endpointslices", {
					labels: "kubernetes.io/service-name=db",
				});
				const uids = slices.flatMap(({ endpoints = [] }) =>
					(endpoints ?? []).filter(({ conditions }) => conditions?.ready).map(({ targetRef }) => targetRef?.uid),
				);
				const pods = await space.api.list<Pod>("pods", {});
				return pods
					.filter(({ metadata }) => uids.includes(metadata.uid))
					.map(({ metadata }) => metadata.name)
					.sort();
			};
			for (const name of replicas) {
				await expect(db.up(more)).rejects.toThrow(/db-0-2/);
				expect(await serving()).toEqual(replicas);
				const uid = (await podOf(space, name))?.metadata.uid;
				await space.api.delete("pods", name, uid);
				await vi.waitFor(async () => expect((await podOf(space, name))?.metadata.uid).not.toBe(uid), {
					timeout: minute,
					interval: 250,
				});
				// A server from 2018 waits two minutes for the address of its peer.
				await vi.waitFor(async () => expect(await serving()).toEqual(replicas), {
					timeout: 4 * minute,
					interval: 250,
				});
			}
			// It comes back from the members' template: then it must not serve before it holds the rows.
			await space.api.delete("persistentvolumeclaims", "data-db-0-2");
			await space.api.delete("pods", "db-0-2");
			await answers(space, "db-0-2");
			expect(await serving()).toEqual(replicas);
			await db.up(more);
			expect(await serving()).toEqual([...replicas, "db-0-2"]);
			expect(await space.queryPod("db-0-2", "SELECT count() FROM t")).toBe("1000");
			await expectRows(space);
		}),
	);
});
