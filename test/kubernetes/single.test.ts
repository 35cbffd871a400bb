import { expect, it } from "vitest";
import { caveats } from "../../src/core/caveats";
import { plan } from "../../src/core/plan";
import type { DbVersion } from "../../src/core/version";
import { roll } from "../../src/roll/roll";
import { untilState } from "../../src/roll/until-state";
import { Space, startCluster, unavailable, versions } from "./harness";
import { type Seen, startLoad } from "./load";
import { expectRows, makeTables } from "./tables";

const topology = { shards: 1, replicas: 1 };

it.skipIf(unavailable !== undefined)(
	"one replica is interrupted by an update and comes back, and is updated while Stopped and from Idle, with all its rows",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1, ...topology });
			const table = await makeTables(space, topology);
			const announced = async (to: DbVersion) => {
				const observed = await control.observe();
				if (observed === undefined) throw new Error("the cluster is gone");
				return caveats(plan(observed, to), observed);
			};
			const update = (to: DbVersion) => roll({ control, to, holder: "the test", timing: { drainSeconds: 10 } });
			const runs = async () => (await control.observe())?.replicas.map(({ version }) => version);
			const writes = async () => {
				await space.query("db", `INSERT INTO ${table} (n) VALUES`, `(${seen.sent})`);
				seen.acknowledged.push(seen.sent++);
				await expectRows(space, topology, seen);
			};

			expect(await announced(versions.v2)).toMatchObject({ reads: "interrupted", writes: "interrupted" });
			const load = startLoad({ endpoint: await space.endpoint("db"), table, pause: 50 });
			expect((await update(versions.v2)).cluster.state).toBe("Started");
			await space.reachable("db");
			const seen: Seen = await load.stop();
			expect(seen.failedSelects).not.toEqual([]);
			expect(seen.failedInserts).not.toEqual([]);
			expect(seen.inserts).toBeGreaterThan(10);
			expect(await runs()).toEqual([versions.v2]);
			await writes();

			const claim = await control.claim("the test", 600);
			await control.stop(claim);
			await control.release(claim);
			await untilState(control, "Stopped");
			expect(await announced(versions.v3)).toMatchObject({
				reads: "unavailable",
				writes: "unavailable",
				stopped: true,
			});
			expect((await update(versions.v3)).cluster.state).toBe("Stopped");
			expect(await runs()).toEqual([versions.v3]);
			const again = await control.claim("the test", 600);
			await control.start(again);
			await control.release(again);
			await untilState(control, "Started");
			await space.reachable("db");
			await writes();

			await space.idle("db");
			await untilState(control, "Idle");
			expect(await announced(versions.v4)).toMatchObject({ reads: "interrupted", wakes: true });
			expect((await update(versions.v4)).cluster.state).toBe("Started");
			expect(await runs()).toEqual([versions.v4]);
			await space.reachable("db");
			await writes();
		} finally {
			await space.close();
		}
	},
);
