import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { Cli } from "./cli.mts";
import { newVersion, oldVersion, type Stack, stack } from "./stack.mts";

// `setsid` takes the terminal away, and `script` gives one: both are as Linux has them.
const isLinux = process.platform === "linux";
const up = ["up", "--yes", "--skip-preview"];

/** The update of a new cluster, by a program that starts the CLI. */
async function updated(db: Stack, program: string, args: readonly string[]): Promise<string> {
	await db.upOk();
	db.set({ version: newVersion }).write();
	const { status, output } = await new Cli(args, db.program, db.environment, program).ended;
	expect({ status, output }).toMatchObject({ status: 0 });
	return stripVTControlCharacters(output);
}

const times = (text: string, line: string) => text.split(line).length - 1;
const milestones = ["db-0-1", "db-0-0"].flatMap((replica, index) => [
	`db: draining ${replica}: no queries running`,
	`db: restarting ${replica}: ${oldVersion} -> ${newVersion}`,
	`db: ${replica} serves ${newVersion} after `,
	`; ${index + 1} of 2 done`,
]);

test.skipIf(!isLinux)("without a terminal each line of an update is there once", async () => {
	const output = await updated(await stack(), "setsid", [
		"--wait",
		"pulumi",
		...up,
		"--non-interactive",
		"--color",
		"never",
	]);
	for (const line of milestones) expect([line, times(output, line)]).toEqual([line, 1]);
	expect(times(output, "db: db-0-1: starting")).toBe(1);
	expect(output).not.toContain("db: db-0-1: stopping");
	expect(output).not.toContain("Diagnostics:");
});

test.skipIf(!isLinux)("without a terminal what a preview and a destroy have to say is there once", async () => {
	const db = await stack({ versions: { list: [{ version: oldVersion }, { version: newVersion }] } });
	await db.upOk();
	for (const [command, line] of [
		[["preview"], `${newVersion} is available`],
		[["destroy", "--yes", "--skip-preview"], "the data is kept"],
	] as const) {
		const args = ["--wait", "pulumi", ...command, "--non-interactive", "--color", "never"];
		const { status, output } = await new Cli(args, db.program, db.environment, "setsid").ended;
		expect({ status, output }).toMatchObject({ status: 0 });
		expect([line, times(output, line)]).toEqual([line, 1]);
		expect(output).not.toContain("Diagnostics:");
	}
});

test.skipIf(!isLinux)("on a terminal what is left at the end is each milestone once, and no phase", async () => {
	const db = await stack();
	const command = `stty rows 40 cols 150; pulumi ${up.join(" ")}`;
	const output = await updated(db, "script", ["-qec", `TERM=xterm-256color sh -c '${command}'`, "/dev/null"]);
	const kept = output.slice(output.lastIndexOf("Diagnostics:"));
	for (const line of milestones) expect([line, times(kept, line)]).toEqual([line, 1]);
	expect(kept).not.toMatch(/db: db-0-\d: /);
});
