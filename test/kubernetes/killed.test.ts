import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Space, unavailable, versions } from "./harness";
import { expectRows } from "./tables";
import { startWatched } from "./watched";

const minute = 60_000;
const root = join(__dirname, "../..");
const topology = { shards: 1, replicas: 2 };
/** A killed roll's claim keeps the next one out for so long; short, since it is waited for at every step. */
const timing = { drainSeconds: 10, claimSeconds: 2 };

/** What a roll of two replicas comes by, however slow or fast the servers start, in this order. */
const way = [
	"claim: PATCH configmaps/db-dbcluster",
	"begin: PATCH configmaps/db-dbcluster",
	"event began",
	...["db-0-1", "db-0-0"].flatMap((replica) => [
		`event draining ${replica}`,
		`drain ${replica} 1.8.0: PATCH pods/${replica}`,
		`drain ${replica} 1.8.0: PATCH statefulsets/db-0`,
		`event drained ${replica}`,
		`event restarting ${replica}`,
		`restart ${replica} 1.8.0: DELETE pods/${replica}`,
	]),
	"finish: PATCH configmaps/db-dbcluster",
	"release: PATCH configmaps/db-dbcluster",
];

it.skipIf(unavailable !== undefined)(
	"a roll that is killed at every one of its steps is gone on with, under load, each replica restarted once",
	{ timeout: 20 * minute },
	async () => {
		// The roll in a process of its own is the package as users get it.
		execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
		const space = await Space.open();
		try {
			const settings = space.settings();
			const { control, sampler, stop } = await startWatched(space, topology, settings);
			const passed: string[] = [];
			for (let done = false; !done; ) {
				const { code, signal, said, complaint } = await rollOnce({ settings, to: versions.v2, timing, passed });
				done = code === 0;
				if (done) continue;
				expect({ signal, complaint }).toEqual({ signal: "SIGKILL", complaint: "" });
				expect(passed).not.toContain(said);
				expect(passed.length).toBeLessThan(60);
				passed.push(said);
			}
			const seen = await stop();

			expect(passed).toEqual(expect.arrayContaining(way));
			expect(seen.failedSelects, sampler.story).toEqual([]);
			expect(seen.selects).toBeGreaterThan(50);
			expect(sampler.mostUnready).toBe(1);
			expect(sampler.mostOut).toBe(1);
			expect(sampler.replaced).toEqual(["db-0-1", "db-0-0"]);
			await expectRows(space, topology, seen);
			const cluster = await control.observe();
			expect(cluster).toMatchObject({ state: "Started" });
			expect(cluster?.mark).toBeUndefined();
			expect(cluster?.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
			expect((await control.record())?.openedBy).toEqual({ "db-0-0": versions.v2, "db-0-1": versions.v2 });
		} finally {
			await space.close();
		}
	},
);

/** Runs the roll in a process of its own until that is done or has killed itself. */
function rollOnce(what: object) {
	return new Promise<{ code: number | null; signal: NodeJS.Signals | null; said: string; complaint: string }>(
		(resolve, reject) => {
			const child = spawn(process.execPath, [join(__dirname, "killed-roll.mts")], {
				env: { ...process.env, KILLED_ROLL: JSON.stringify(what) },
				stdio: ["ignore", "pipe", "pipe"],
			});
			let said = "";
			let complaint = "";
			child.stdout.setEncoding("utf8").on("data", (text: string) => {
				said += text;
			});
			child.stderr.setEncoding("utf8").on("data", (text: string) => {
				complaint += text;
			});
			child.on("error", reject);
			child.on("close", (code, signal) => resolve({ code, signal, said: said.trim(), complaint }));
		},
	);
}
