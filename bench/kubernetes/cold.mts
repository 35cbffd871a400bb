/**
 * What an update costs on Kubernetes whose image no node has: from a server of 2018 to a current one, 690 MB, under 2 SELECT
 * and 2 INSERT loops with a connection a request. `kubectl set image` and `pulumi up` on two replicas, and how long the only
 * replica of a cluster is out by `pulumi up`, with the image on the node and without.
 *
 * The tables are not replicated: the current server of the tests can't replicate.
 *
 * Usage: npm run figures:kubernetes        writes bench/results/kubernetes-cold.json; RUNS=5 for more runs
 *
 * It needs what figures.mts needs, the image of a current server (DBCLUSTER_TEST_CURRENT), and in DBCLUSTER_BENCH_FORGET a
 * command that makes the node forget the image whose name follows it, once no container uses it any more.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "vitest";
import { noCurrent, type Space, unavailable } from "../../test/kubernetes/harness.ts";
import { mixed, mixedImage } from "../../test/kubernetes/mixed.ts";
import { KubernetesProject, updates } from "../../test/kubernetes/projects.mts";
import { machine, median, saveResults } from "../results.mts";
import { inSpace, must, secondsOf, setImage, summary, type Update, underLoad } from "./measured.ts";
import { makePlain, plain } from "./plain.ts";

const run = promisify(execFile);
const runs = Number(process.env.RUNS ?? 3);
const forgetting = process.env.DBCLUSTER_BENCH_FORGET;
const { old: from, current: to } = mixed;

// The current server of the tests does not keep the database `default`.
const database = "shop";
const table = `${database}.rows`;
const making = [
	`CREATE DATABASE IF NOT EXISTS ${database}`,
	`CREATE TABLE IF NOT EXISTS ${table} (n UInt64) ENGINE = MergeTree ORDER BY n`,
];

async function forget(image: string): Promise<void> {
	await run("sh", ["-c", `${forgetting} ${image}:${to}`]);
}

async function byKubectl(image: string): Promise<Update> {
	return inSpace(async (space) => {
		await makePlain(space, `${image}:${from}`);
		await forget(image);
		const load = await underLoad(space, plain.name, plain.replicas, making, table);
		const seconds = await setImage(space, `${image}:${to}`);
		return summary(seconds, await load.stop());
	});
}

/** `pulumi up`, with its rehearsal, as it comes; its seconds are those from the first drain to the end. */
async function byUs(image: string, replicas: number, cold: boolean): Promise<Update & { readonly out: number }> {
	return inSpace(async (space) => {
		const project = await projectOf(space, image, replicas).init();
		try {
			await project.upOk();
			const names = Array.from({ length: replicas }, (_, index) => `db-0-${index}`);
			if (cold) await forget(image);
			const load = await underLoad(space, "db", names, making, table);
			const up = project.set({ version: to }).startUp();
			await up.printed("draining ");
			const seconds = await secondsOf(() => up.printed(`updated ${from} -> ${to}`));
			const seen = await load.stop();
			await must(up.ended);
			const { output } = await up.ended;
			const out = [...output.matchAll(/ serves \S+ after ([\d.]+) s/g)].map(([, its]) => Number(its));
			return { ...summary(seconds, seen), out: Math.max(...out) };
		} finally {
			await project.remove();
		}
	});
}

function projectOf(space: Space, image: string, replicas: number): KubernetesProject {
	const versions = [from, to].map((version) => ({ version, engine: "26.7" }));
	return new KubernetesProject(space, { image }).set({
		version: from,
		replicas,
		versions: { list: versions },
		update: { ...updates, localTables: [table] },
	});
}

const why = unavailable ?? noCurrent ?? (forgetting === undefined ? "DBCLUSTER_BENCH_FORGET is not set" : undefined);

test.skipIf(why !== undefined)("the figures with an image that no node has", async () => {
	const image = await mixedImage();
	const kubectl: Update[] = [];
	const ours: Update[] = [];
	const outs: { warm: number; cold: number }[] = [];
	for (let i = 0; i < runs; i++) {
		kubectl.push(await byKubectl(image));
		ours.push(await byUs(image, 2, true));
		const { out: cold } = await byUs(image, 1, true);
		const { out: warm } = await byUs(image, 1, false);
		outs.push({ warm, cold });
		console.log(JSON.stringify({ kubectl: kubectl.at(-1), ours: ours.at(-1), outs: outs.at(-1) }));
	}
	const row = (who: string, updates: readonly Update[]) => {
		const of = (figure: (update: Update) => number) => median(updates.map(figure));
		return {
			"update by": who,
			"SELECTs failed": of((it) => it.failedSelects),
			"INSERTs failed": of((it) => it.failedInserts),
			"longest pause of writes, s": of((it) => it.longestWritePause),
			"from the first drain to the end, s": of((it) => it.seconds),
			"of `kubectl set image`": median(updates.map(({ seconds }, i) => seconds / (kubectl[i]?.seconds ?? Number.NaN))),
		};
	};
	const rows = [row("`kubectl set image`", kubectl), row("`pulumi up`", ours)];
	const out = [
		{
			"the only replica is out": "`pulumi up`",
			"with the image on the node, s": median(outs.map(({ warm }) => warm)),
			"without, s": median(outs.map(({ cold }) => cold)),
			ratio: median(outs.map(({ warm, cold }) => cold / warm)),
		},
	];
	console.table(rows);
	console.table(out);
	saveResults("kubernetes-cold", { machine: machine(), runs, rows, out, each: { kubectl, ours, outs } });
});
