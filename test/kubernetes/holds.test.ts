import { expect, it, vi } from "vitest";
import { withHolds } from "../../src/control/holds";
import { caveats } from "../../src/core/caveats";
import { plan } from "../../src/core/plan";
import { known } from "../../src/core/question";
import { decide } from "../../src/core/rules";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import { roll } from "../../src/roll/roll";
import type { RollStopped } from "../../src/roll/stopped";
import { caveatsInput } from "../../src/words/caveats";
import { refusalText } from "../../src/words/refusals";
import { stopText } from "../../src/words/stop";
import { Space, send, startCluster, unavailable, versions } from "./harness";
import { startLoad } from "./load";
import { makeRows } from "./tables";

const minute = 60_000;
const rows = 1000;

const count = (space: Space, pod: string, table = "rows") => space.queryPod(pod, `SELECT count() FROM ${table}`);

async function filled(space: Space): Promise<void> {
	await makeRows(space, ["db-0-0", "db-0-1"]);
	await space.queryPod("db-0-0", `INSERT INTO rows SELECT number FROM numbers(${rows})`);
	await vi.waitFor(async () => expect(await count(space, "db-0-1")).toBe(String(rows)), { timeout: minute });
}

/** What check asks and the rules say, without the rest of it. */
async function judged(control: KubernetesControl, localTables: string[] = []) {
	const observed = await control.observe();
	if (observed === undefined) throw new Error("the cluster is gone");
	const cluster = await withHolds(control, observed);
	const question = {
		target: versions.v2,
		cluster: known(cluster),
		catalogue: known([{ version: versions.v2 }]),
		policy: "any",
		localTables,
	} as const;
	const said = caveatsInput(caveats(plan(cluster, versions.v2), cluster));
	return { refusals: decide(question).map(refusalText), caveats: Object.values(said)[0] };
}

/** Gives a replica its table back, as the messages say. */
async function give(space: Space, from: string, to: string): Promise<void> {
	const statement = await space.queryPod(from, "SHOW CREATE TABLE default.rows");
	await space.queryPod(
		to,
		statement
			.replaceAll("\\n", "\n")
			.replaceAll("\\'", "'")
			.replace(/^CREATE/, "ATTACH"),
	);
}

/** As `kubectl delete pvc --wait=false` does: it goes with its pod. */
const deleteClaim = (space: Space, name: string) =>
	send(space.api, "DELETE", `/api/v1/namespaces/${space.namespace}/persistentvolumeclaims/${name}`, {});

it.skipIf(unavailable !== undefined)(
	"what has no second copy is told before the update, and a table that a replica lacks is a refusal",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1 });
			await filled(space);
			for (const pod of ["db-0-0", "db-0-1"]) {
				await space.queryPod(pod, "CREATE TABLE log (n UInt64) ENGINE = Log");
				await space.queryPod(pod, "INSERT INTO log VALUES (1)");
			}
			await space.queryPod("db-0-1", "CREATE TABLE loc (n UInt64) ENGINE = MergeTree ORDER BY n");
			await space.queryPod("db-0-1", "INSERT INTO loc VALUES (1), (2)");

			expect((await judged(control)).refusals).toEqual([
				expect.stringContaining("db-0-0 lacks default.loc, which db-0-1 holds. Create the missing table: "),
			]);
			const { refusals, caveats } = await judged(control, ["default.loc"]);
			expect(refusals).toEqual([]);
			expect(caveats?.reads).toBe(
				"SELECT keeps working, but not from default.loc, which is on db-0-1 only, nor from default.log, whose rows do not replicate",
			);

			// The roll holds itself to the same.
			const options = { control, to: versions.v2, holder: "the test", timing: { drainSeconds: 5, stallSeconds: 5 } };
			const stopped = await roll(options).catch((error: RollStopped) => error);
			expect(stopped).toMatchObject({
				stop: { replica: "db-0-1", cause: { kind: "not-safe", others: [{ replica: "db-0-0", problem: "lacks" }] } },
			});
			expect((await control.observe())?.replicas.map(({ version }) => version)).toEqual([versions.v1, versions.v1]);
			const { cluster } = await roll({ ...options, timing: { drainSeconds: 5 }, localTables: ["default.loc"] });
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
			expect(await count(space, "db-0-1", "loc")).toBe("2");
			for (const pod of ["db-0-0", "db-0-1"])
				expect([await count(space, pod), await count(space, pod, "log")]).toEqual([String(rows), "1"]);
			expect(await control.record()).not.toHaveProperty("held");
		} finally {
			await space.close();
		}
	},
);

it.skipIf(unavailable !== undefined)(
	"a replica that lost its volume serves no client, and no update begins before it has its tables back",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1 });
			await filled(space);
			const load = startLoad({ endpoint: await space.endpoint("db"), table: "rows" });
			await deleteClaim(space, "data-db-0-1");
			// Out of the Service first, so that what fails is not the pod's end.
			await space.api.merge("pods", "db-0-1", { metadata: { labels: { "pulumi-dbcluster/clients": null } } });
			await vi.waitFor(async () => expect((await control.look("db-0-1")).replica.serving).toBe(false), {
				timeout: minute,
			});
			const before = load.seen.selects;
			await vi.waitFor(() => expect(load.seen.selects).toBeGreaterThan(before + 50), { timeout: minute });
			await space.api.delete("pods", "db-0-1", (await space.api.get<Pod>("pods", "db-0-1"))?.metadata.uid);
			const words = "it holds none of the tables that db-0-0 replicates, so it is kept out of the Service";
			await vi.waitFor(
				async () => expect((await control.look("db-0-1")).failure).toEqual({ cause: "emptied", words }),
				{
					timeout: minute,
					interval: 500,
				},
			);
			expect((await judged(control)).refusals).toEqual([
				expect.stringContaining(`the cluster is Degraded (db-0-1: ${words}); an update to 1.8.0 can start only from`),
			]);
			await give(space, "db-0-0", "db-0-1");
			await vi.waitFor(async () => expect((await control.observe())?.state).toBe("Started"), { timeout: minute });
			await vi.waitFor(async () => expect((await judged(control)).refusals).toEqual([]), { timeout: minute });
			const seen = await load.stop();
			expect(seen.failedSelects).toEqual([]);
			expect(Number(await count(space, "db-0-1"))).toBeGreaterThanOrEqual(rows);
		} finally {
			await space.close();
		}
	},
);

it.skipIf(unavailable !== undefined)(
	"a replica that returns without its volume stops the update, is kept from clients, and its way out works",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1 });
			await filled(space);
			const load = startLoad({ endpoint: await space.endpoint("db"), table: "rows" });
			await deleteClaim(space, "data-db-0-1");
			const options = { control, to: versions.v2, holder: "the test", timing: { drainSeconds: 5, stallSeconds: 60 } };
			const stopped = await roll(options).catch((error: RollStopped) => error);
			const { stop } = stopped as RollStopped;
			expect(stop, String(stopped)).toMatchObject({
				replica: "db-0-1",
				cause: { kind: "data-missing", tables: ["default.rows"], count: 1, elsewhere: "db-0-0" },
				serving: [{ replica: "db-0-0", version: versions.v1 }],
				reads: true,
				writes: true,
			});
			expect(stopText(stop)).toContain("db-0-1 came back without default.rows");
			await vi.waitFor(() => expect(load.seen.selects).toBeGreaterThan(50), { timeout: minute });

			// Whoever goes on finds it again, and touches nothing.
			expect(await roll(options).catch((error: RollStopped) => error)).toMatchObject({
				stop: { replica: "db-0-1", step: 0, cause: { kind: "data-missing", count: 1 } },
			});
			const pods = await space.api.list<Pod>("pods", {});
			expect(pods.find(({ metadata }) => metadata.name === "db-0-0")?.status?.phase).toBe("Running");

			// The way out, to the letter.
			const statement = await space.queryPod("db-0-0", "SHOW CREATE TABLE default.rows");
			await space.queryPod(
				"db-0-1",
				statement
					.replaceAll("\\n", "\n")
					.replaceAll("\\'", "'")
					.replace(/^CREATE/, "ATTACH"),
			);
			const { cluster } = await roll(options);
			const seen = await load.stop();
			expect(seen.failedSelects).toEqual([]);
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
			// The last ones replicate still, when the load has just ended.
			for (const pod of ["db-0-0", "db-0-1"])
				await vi.waitFor(
					async () => expect(Number(await count(space, pod))).toBeGreaterThanOrEqual(rows + seen.acknowledged.length),
					{
						timeout: minute,
					},
				);
		} finally {
			await space.close();
		}
	},
);
