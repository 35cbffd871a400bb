import { expect, it } from "vitest";
import { caveats } from "../../src/core/caveats";
import { plan } from "../../src/core/plan";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { roll } from "../../src/roll/roll";
import { Space, startCluster, unavailable, versions } from "./harness";
import { startLoad } from "./load";
import { Sampler } from "./sampler";
import { allReplicas, expectRows, makeTables, type Topology } from "./tables";

/** Of SELECTs and of INSERTs, with a connection a request. */
const loops = 2;

/** Tests that a roll under load fails no request, for clusters of some topologies. */
export function rollsUnderLoad(topologies: readonly Topology[]): void {
	it.skipIf(unavailable !== undefined).each(topologies)(
		"a roll of $shards x $replicas under load fails no request, loses no row, and keeps names and volumes",
		async (topology) => {
			const space = await Space.open();
			try {
				const replicas = allReplicas(topology);
				const control = await startCluster(space, { version: versions.v1, ...topology });
				const table = await makeTables(space, topology);
				const before = await podsAndVolumes(space);
				const observed = await control.observe();
				if (observed === undefined) throw new Error("the cluster is gone");
				const planned = plan(observed, versions.v2);
				expect(caveats(planned, observed)).toMatchObject({ reads: "working", writes: "interrupted" });

				// A server's own rows need no other server: of SELECTs from them none may fail.
				const from = topology.shards > 1 ? [table, "rows"] : [table];
				const load = startLoad({ endpoint: await space.endpoint("db"), table, from, loops, kept: 1, pause: 50 });
				const sampler = Sampler.start(space, "db", replicas);
				const { cluster } = await roll({ control, to: versions.v2, holder: "the test", timing: { drainSeconds: 10 } });
				const seen = await load.stop();
				await sampler.stop();

				expect(cluster).toMatchObject({ state: "Started" });
				expect(cluster.replicas.map(({ version }) => version)).toEqual(replicas.map(() => versions.v2));
				expect(seen.failedSelects, sampler.story).toEqual([]);
				// The caveat says so of several shards; each stop can cut off those that are under way at that moment.
				expect(seen.cutBetweenServers.length, seen.cutBetweenServers.join("\n")).toBeLessThanOrEqual(
					topology.shards > 1 ? loops * replicas.length : 0,
				);
				// The vendor lets writes fail for a while; here they don't.
				expect(seen.failedInserts, sampler.story).toEqual([]);
				expect(seen.selects).toBeGreaterThan(50);
				expect(seen.inserts).toBeGreaterThan(50);
				const { kept } = seen;
				expect([...kept.failedSelects, ...kept.failedInserts], sampler.story).toEqual([]);
				// A connection that is kept alive stays on its server until that stops.
				expect(kept.resets.length, kept.resets.join("\n")).toBeLessThanOrEqual(kept.connections * replicas.length);
				expect(kept.closed.length, kept.closed.join("\n")).toBeLessThanOrEqual(kept.connections * replicas.length);
				expect(kept.selects).toBeGreaterThan(50);
				expect(kept.inserts).toBeGreaterThan(50);
				await expectRows(space, topology, seen);

				expect(sampler.blind).toBe(0);
				expect(sampler.samples.length).toBeGreaterThan(20);
				expect(sampler.mostUnready).toBe(1);
				expect(sampler.mostOut).toBe(1);
				for (const { steps } of planned.lanes) {
					const names = steps.map(({ replica }) => replica);
					expect(sampler.replaced.filter((name) => names.includes(name))).toEqual(names);
				}
				expect(sampler.replaced[0]).toBe(planned.canary);
				const after = await podsAndVolumes(space);
				expect(after.volumes).toEqual(before.volumes);
				expect(Object.keys(after.pods)).toEqual(Object.keys(before.pods));
				for (const [name, uid] of Object.entries(after.pods)) expect(uid).not.toBe(before.pods[name]);
			} finally {
				await space.close();
			}
		},
	);
}

async function podsAndVolumes(space: Space) {
	const uids = async (kind: "pods" | "persistentvolumeclaims") =>
		Object.fromEntries((await space.api.list<Pod>(kind, {})).map(({ metadata }) => [metadata.name, metadata.uid]));
	return { pods: await uids("pods"), volumes: await uids("persistentvolumeclaims") };
}
