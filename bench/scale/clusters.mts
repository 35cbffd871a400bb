/**
 * What stacks of 1, 10, 100 and 1,000 clusters cost, as dynamic resources and by the plugin, beside as many dynamic
 * resources that do nothing: preview and up while nothing changes, and with up to ten to be updated. The updated ones are
 * looked at: each wants the new version, and one is started and asked.
 *
 * Usage: node bench/scale/clusters.mts [largest]        prints a table and writes bench/results/scale-clusters.json
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cost, clear, command, type Kind, kinds, project, state, versions } from "../many.mts";
import { machine, rounded, saveResults } from "../results.mts";

const largest = Number(process.argv[2] ?? 1000);
const sizes = [1, 10, 100, 1000].filter((size) => size <= largest);
const names: Record<Kind, string> = { nothing: "do nothing", ours: "dynamic", native: "native" };
const up = ["up", "--yes", "--skip-preview"];

/** That an update took place, which a figure alone does not show. */
async function mustBeUpdated(folder: string, kind: Kind, changed: number): Promise<void> {
	const { resources } = (await state(folder)).deployment;
	const stored = resources.filter(({ outputs }) => (outputs as { version?: string })?.version === versions.new);
	if (stored.length !== changed) throw new Error(`${stored.length} of ${changed} are updated in the state`);
	if (kind === "nothing") return;
	for (let i = 0; i < changed; i++) {
		const record = JSON.parse(readFileSync(join(folder, "data", `c${i}`, "cluster.json"), "utf8"));
		const wanted = Object.values(record.cluster.wanted as Record<string, { version: string }>);
		if (wanted.some(({ version }) => version !== versions.new)) throw new Error(`c${i} still wants an old version`);
	}
}

try {
	const rows: Record<string, string | number>[] = [];
	for (const count of sizes) {
		const changed = Math.min(10, count);
		const commands: readonly [name: string, args: readonly string[], changed: number][] = [
			["preview, unchanged", ["preview", "--expect-no-changes"], 0],
			["up, unchanged", [...up, "--expect-no-changes"], 0],
			[`preview, ${changed} to update`, ["preview"], changed],
			[`up, ${changed} updated`, up, changed],
		];
		const folders = new Map<Kind, string>();
		const bytes = new Map<Kind, number>();
		for (const kind of kinds) {
			const folder = await project(kind, count);
			folders.set(kind, folder);
			bytes.set(kind, JSON.stringify(await state(folder)).length);
		}
		for (const [name, args, some] of commands) {
			let nothing: Cost | undefined;
			for (const [kind, folder] of folders) {
				const cost = await command(folder, args, { count, changed: some, counted: true });
				nothing ??= cost;
				if (args === up) await mustBeUpdated(folder, kind, some);
				rows.push({
					clusters: count,
					command: name,
					as: names[kind],
					s: rounded(cost.seconds),
					"CPU s": rounded(cost.cpuSeconds),
					"CPU of do-nothing": rounded(cost.cpuSeconds / nothing.cpuSeconds),
					"calls of the engine": cost.calls.engine,
					"provider, MiB": Math.round(cost.memory),
					"state, kB": Math.round((bytes.get(kind) ?? 0) / 1000),
				});
			}
		}
		console.table(rows.filter(({ clusters }) => clusters === count));
	}
	const most = rows.filter(({ clusters }) => clusters === sizes.at(-1));
	saveResults("scale-clusters", { machine: machine(), rows, most });
} finally {
	clear();
}
