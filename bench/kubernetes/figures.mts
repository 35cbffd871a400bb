/**
 * What an update costs on Kubernetes, under 2 SELECT and 2 INSERT loops with a connection a request: `kubectl set image`
 * on a StatefulSet as people write it, and ours by `pulumi up`, turn by turn in one sitting; then each replica of ours is
 * restarted bare, which is what no update can do without. And what a preview of a changed cluster asks.
 *
 * Usage: npm run figures:kubernetes        writes bench/results/kubernetes.json; RUNS=5 for more runs
 *
 * It needs `kubectl` on PATH, KUBECONFIG, the images 1.7.1 and 1.8.0 and a Keeper (test/kubernetes/harness.ts names the
 * variables for where they are), and a NodePort that is reachable on 127.0.0.1.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { test, vi } from "vitest";
import type { Pod } from "../../src/platforms/kubernetes/api/types.ts";
import { environment, type Space, unavailable } from "../../test/kubernetes/harness.ts";
import { KubernetesProject } from "../../test/kubernetes/projects.mts";
import { machine, median, saveResults } from "../results.mts";
import { inSpace, isServed, must, patience, secondsOf, setImage, summary, type Update, underLoad } from "./measured.ts";
import { makePlain, plain } from "./plain.ts";

const runs = Number(process.env.RUNS ?? 3);
const [from, to] = ["1.7.1", "1.8.0"];
const ours = ["db-0-0", "db-0-1"];

async function byKubectl(): Promise<Update> {
	return inSpace(async (space) => {
		await makePlain(space, `${environment.image}:${from}`);
		const load = await underLoad(space, plain.name, plain.replicas, [table(space)]);
		const seconds = await setImage(space, `${environment.image}:${to}`);
		return summary(seconds, await load.stop());
	});
}

interface Ours {
	readonly update: Update;
	readonly commandSeconds: number;
	readonly restarts: readonly number[];
	readonly preview: { readonly seconds: number; readonly calls: readonly string[] };
}

async function byUs(): Promise<Ours> {
	return inSpace(async (space) => {
		const project = await new KubernetesProject(space).set({ version: from, update: { policy: "any" } }).init();
		try {
			await project.upOk();
			project.set({ version: to }).calls();
			const preview = await secondsOf(() => must(project.preview()));
			const calls = project.calls();

			const during = await underLoad(space, "db", ours, [table(space)]);
			const { seconds, commandSeconds } = await timedUp(project);
			const seen = await during.stop();
			const after = await underLoad(space, "db", ours, [table(space)]);
			const restarts: number[] = [];
			for (const replica of ours.toReversed()) {
				// A server that stops waits for idle connections, such as those of our own questions, for the 3 s of its keep-alive
				// time; that must not make the bare restarts look slow. And the kubelet goes on with a pod once a second: each
				// begins at another moment of that second, as it would by hand.
				await sleep(4000 + Math.random() * 1000);
				restarts.push(await bareRestart(space, replica));
			}
			await after.stop();
			return {
				update: summary(seconds, seen),
				commandSeconds,
				restarts,
				preview: { seconds: preview, calls },
			};
		} finally {
			await project.remove();
		}
	});
}

const table = ({ namespace }: Space) =>
	`CREATE TABLE IF NOT EXISTS rows (n UInt64, d Date DEFAULT toDate('2026-01-01')) ENGINE = ReplicatedMergeTree('/${namespace}/rows', '{replica}', d, n, 8192)`;

/** Deletes the pod, and waits until clients reach its successor. */
async function bareRestart(space: Space, replica: string): Promise<number> {
	const before = (await space.api.get<Pod>("pods", replica))?.metadata.uid;
	return secondsOf(async () => {
		await space.api.delete("pods", replica, before);
		await vi.waitFor(async () => {
			if (!(await isServed(space, "db", replica, before))) throw new Error(replica);
		}, patience);
	});
}

/** `pulumi up`: the seconds of the update itself, from its first line to its last, and of the whole command. */
async function timedUp(project: KubernetesProject): Promise<{ seconds: number; commandSeconds: number }> {
	const up = project.startUp();
	let seconds = 0;
	const commandSeconds = await secondsOf(async () => {
		await up.printed(`updating ${from} -> ${to}`);
		seconds = await secondsOf(() => up.printed(`updated ${from} -> ${to}`));
		await must(up.ended);
	});
	return { seconds, commandSeconds };
}

function row(who: string, updates: readonly Update[], restarts: readonly (readonly number[])[] = []): object {
	const of = (figure: (update: Update) => number) => median(updates.map(figure));
	const bare = restarts.map((each) => each.reduce((sum, seconds) => sum + seconds, 0));
	const ratios = updates.map(({ seconds }, index) => seconds / (bare[index] ?? Number.NaN));
	return {
		"update by": who,
		"SELECTs failed": of((it) => it.failedSelects),
		"INSERTs failed": of((it) => it.failedInserts),
		"longest pause of writes, s": of((it) => it.longestWritePause),
		"update, s": of((it) => it.seconds),
		"bare restarts of both replicas, s": bare.length === 0 ? "" : median(bare),
		ratio: bare.length === 0 ? "" : median(ratios),
	};
}

test.skipIf(unavailable !== undefined)("the figures on Kubernetes", async () => {
	const kubectl: Update[] = [];
	const us: Ours[] = [];
	for (let i = 0; i < runs; i++) {
		kubectl.push(await byKubectl());
		us.push(await byUs());
		console.log(JSON.stringify({ kubectl: kubectl.at(-1), ours: us.at(-1) }, undefined, 1));
	}
	const rows = [
		row("`kubectl set image`", kubectl),
		row(
			"`pulumi up`",
			us.map(({ update }) => update),
			us.map(({ restarts }) => restarts),
		),
	];
	const previews = us.map(({ preview }) => preview);
	const counted = (kind: RegExp) => median(previews.map(({ calls }) => calls.filter((call) => kind.test(call)).length));
	const preview = [
		{
			"one changed cluster of two replicas": "preview",
			"list calls": counted(/^list/),
			"reads of one object": counted(/^get/),
			"SQL queries": counted(/^SQL/),
			"seconds, the CLI's start among them": median(previews.map(({ seconds }) => seconds)),
		},
	];
	console.table(rows);
	console.table(preview);
	saveResults("kubernetes", { machine: machine(), runs, rows, preview, each: { kubectl, ours: us } });
});
