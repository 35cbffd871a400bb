/**
 * What an unchanged DbCluster costs in `pulumi preview`: 100 and 1,000 of them, as dynamic resources and by the plugin,
 * against as many dynamic resources that do nothing, with the same inputs, turn by turn in one sitting; and one by a
 * program in YAML. Time is the whole command's, CPU what all its processes computed, memory the provider process's highest
 * resident set. The clusters exist (stopped, each with its own folder and record).
 *
 * Usage: node bench/preview.mts [runs]        prints a table and writes bench/results/preview.json
 */
import { clear, command, inYaml, type Kind, kinds, project } from "./many.mts";
import { machine, median, saveResults } from "./results.mts";

const runs = Number(process.argv[2] ?? 5);
const preview = ["preview", "--expect-no-changes"];

try {
	const rows = [];
	for (const count of [100, 1000]) {
		const folders: Record<Kind, string> = { nothing: "", ours: "", native: "" };
		for (const kind of kinds) folders[kind] = await project(kind, count);
		const seconds: Record<Kind, number[]> = { nothing: [], ours: [], native: [] };
		const memory: Record<Kind, number[]> = { nothing: [], ours: [], native: [] };
		const cpu: Record<Kind, number[]> = { nothing: [], ours: [], native: [] };
		for (let i = 0; i <= runs; i++) {
			for (const kind of kinds) {
				const result = await command(folders[kind], preview, { count });
				if (i === 0) continue; // The first of each warms the caches.
				seconds[kind].push(result.seconds);
				memory[kind].push(result.memory);
				cpu[kind].push(result.cpuSeconds);
				console.log(count, kind, result);
			}
		}
		const ratio = (of: number[], to: number[]) => median(of.map((each, i) => each / (to[i] ?? Number.NaN)));
		rows.push({
			resources: count,
			"do-nothing, s": median(seconds.nothing),
			"dynamic, s": median(seconds.ours),
			"of do-nothing": ratio(seconds.ours, seconds.nothing),
			"native, s": median(seconds.native),
			"of dynamic": ratio(seconds.native, seconds.ours),
			"CPU, dynamic of do-nothing": ratio(cpu.ours, cpu.nothing),
			"CPU, native of dynamic": ratio(cpu.native, cpu.ours),
			"do-nothing, MiB": median(memory.nothing),
			"dynamic, MiB": median(memory.ours),
			"native, MiB": median(memory.native),
			"native of dynamic": ratio(memory.native, memory.ours),
		});
	}
	const one = await inYaml();
	const alone = [];
	for (let i = 0; i <= runs; i++) {
		const { seconds } = await command(one, preview, { count: 1 });
		if (i > 0) alone.push(seconds);
	}
	const single = [{ program: "YAML", "one unchanged cluster, s": median(alone) }];
	console.table(rows);
	console.table(single);
	saveResults("preview", { machine: machine(), runs, rows, single });
} finally {
	clear();
}
