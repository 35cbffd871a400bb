/**
 * `npm run soak`: a million schedules of updates and faults (test/schedules), other ones each time; `npm run soak --
 * test/core` has other cases for the properties of other tests. Spread over the cores, each of which has a seed of its
 * own. It ends with the last case, or with the first that fails, which is then printed as small as possible.
 *
 * `--count` is the number of cases of each property, `--seed` makes those of an earlier run again, and `--cores` is how
 * many processes play them.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { root } from "./environment.mts";

const text = { type: "string" } as const;
const { values, positionals } = parseArgs({
	options: { count: text, seed: text, cores: text },
	allowPositionals: true,
});

function whole(name: keyof typeof values): number | undefined {
	const given = values[name];
	if (given === undefined) return undefined;
	if (/^[1-9][0-9]{0,8}$/.test(given)) return Number(given);
	console.error(`--${name} ${given} is not a whole number from 1 to 999,999,999. Write it as --${name} 1000.`);
	process.exit(2);
}

const paths = positionals.length > 0 ? positionals : ["test/schedules/schedules.test.ts"];
// Other tests have as many cases as each of them needs.
const count = whole("count") ?? (positionals.length > 0 ? undefined : 1_000_000);
const seed = whole("seed") ?? randomInt(1, 100_000_000);
const cores = whole("cores") ?? availableParallelism();
const many = count === undefined ? "as many cases as usual" : `${count.toLocaleString("en")} cases of each property`;
console.log(`${paths.join(" ")}: ${many}, --seed ${seed} --cores ${cores}`);

const each = count === undefined ? undefined : String(Math.ceil(count / cores));
const players = Array.from({ length: cores }, (_, core) => {
	const env = { ...process.env, SOAK_SEED: String(seed + core), ...(each && { SOAK_CASES: each }) };
	const args = ["vitest", "run", "--project", "fast", "--mode", "soak", "--maxWorkers", "1", ...paths];
	const player = spawn("npx", args, { cwd: root, env, stdio: "inherit", detached: true });
	const ended = new Promise<number>((resolve) => player.on("exit", (status) => resolve(status ?? 1)));
	return { player, ended };
});

/** With all that they started. */
function endAll(): void {
	for (const { player } of players) {
		const { pid, exitCode, signalCode } = player;
		if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, "SIGTERM");
	}
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, endAll);

const statuses = await Promise.all(
	players.map(async ({ ended }) => {
		const status = await ended;
		if (status !== 0) endAll();
		return status;
	}),
);
console.log(
	`--seed ${seed} --cores ${cores}: ${statuses.every((status) => status === 0) ? "nothing failed" : "failed"}`,
);
process.exitCode = Math.max(...statuses);
