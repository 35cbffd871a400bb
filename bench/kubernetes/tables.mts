/**
 * What 1,000 and 10,000 tables in one cluster of two replicas cost on Kubernetes: the preview of a version bump, and the
 * bump itself, with its rehearsal. Each server has all of them with a row; one of ten replicates. All must be there
 * afterwards, on the new version.
 *
 * Usage: npm run figures:kubernetes        writes bench/results/kubernetes-tables.json; LARGEST=1000 for fewer tables
 *
 * It needs what figures.mts needs.
 */
import { test, vi } from "vitest";
import { type Space, unavailable } from "../../test/kubernetes/harness.ts";
import { KubernetesProject } from "../../test/kubernetes/projects.mts";
import { machine, rounded, saveResults } from "../results.mts";
import { inSpace, must, patience, secondsOf } from "./measured.ts";

const largest = Number(process.env.LARGEST ?? 10_000);
const sizes = [1000, 10_000].filter((size) => size <= largest);
const [from, to] = ["1.7.1", "1.8.0"];
const replicas = ["db-0-0", "db-0-1"];
/** Statements that a server is given at a time. */
const atOnce = 8;

const engineOf = (index: number, { namespace }: Space) =>
	index % 10 === 0
		? `ReplicatedMergeTree('/${namespace}/t${index}', '{replica}', d, n, 8192)`
		: "MergeTree(d, n, 8192)";

/** Makes the tables on each server; what replicates gets its row from one of them. */
async function make(space: Space, tables: number): Promise<void> {
	for (const pod of replicas) {
		let next = 0;
		const worker = async () => {
			for (let index = next++; index < tables; index = next++) {
				const columns = "(n UInt64, d Date DEFAULT toDate('2026-01-01'))";
				await space.queryPod(pod, `CREATE TABLE t${index} ${columns} ENGINE = ${engineOf(index, space)}`);
				if (index % 10 !== 0 || pod === replicas[0])
					await space.queryPod(pod, `INSERT INTO t${index} (n) SELECT ${index}`);
			}
		};
		await Promise.all(Array.from({ length: atOnce }, worker));
	}
}

async function hold(space: Space, tables: number): Promise<void> {
	for (const pod of replicas)
		await vi.waitFor(async () => {
			const sql = "SELECT count(), sum(rows) FROM system.parts WHERE active AND database = 'default'";
			const found = await space.queryPod(pod, sql);
			if (found !== `${tables}\t${tables}`) throw new Error(`${pod} has parts and rows: ${found}`);
		}, patience);
}

async function measured(tables: number): Promise<object[]> {
	return inSpace(async (space) => {
		const project = await new KubernetesProject(space).set({ version: from, update: { policy: "any" } }).init();
		try {
			await project.upOk();
			console.log(`${tables} tables made in ${rounded(await secondsOf(() => make(space, tables)))} s`);
			await hold(space, tables);
			const rows: object[] = [];
			const row = async (command: string, run: () => Promise<unknown>) => {
				project.calls();
				const s = rounded(await secondsOf(run));
				const calls = project.calls();
				const sql = calls.filter((call) => call === "SQL").length;
				rows.push({ tables, command, s, "calls of the API server": calls.length - sql, "SQL queries": sql });
				console.table(rows);
			};
			await row("preview, unchanged", () => must(project.preview("--expect-no-changes")));
			project.set({ version: to });
			await row("preview of the update", () => must(project.preview()));
			await row("the update", () => must(project.up()));
			await hold(space, tables);
			return rows;
		} finally {
			await project.remove();
		}
	});
}

test.skipIf(unavailable !== undefined)("the figures of many tables", async () => {
	const rows: object[] = [];
	for (const size of sizes) rows.push(...(await measured(size)));
	saveResults("kubernetes-tables", { machine: machine(), rows });
});
