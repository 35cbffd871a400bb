import { Command } from "commander";
import { vi } from "vitest";
import { addReport } from "../../src/cli/report";
import { addStatus } from "../../src/cli/status";

export interface Ran {
	/** As a shell sees it. */
	readonly status: number;
	readonly stdout: string;
	/** What the program prints of an error. */
	readonly stderr: string;
}

/** Runs a command as main.ts does, with these variables in its environment. */
export async function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
	const printed = { stdout: "", stderr: "" };
	const keep = (stream: keyof typeof printed) => (text: unknown) => {
		printed[stream] += text;
		return true;
	};
	for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
	const spies = [
		vi.spyOn(process.stdout, "write").mockImplementation(keep("stdout")),
		vi.spyOn(console, "log").mockImplementation((text) => void keep("stdout")(`${text}\n`)),
	];
	const before = process.exitCode;
	process.exitCode = undefined;
	const program = new Command("pulumi-dbcluster");
	addReport(program);
	addStatus(program);
	for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: keep("stderr") });
	try {
		await program.parseAsync(args, { from: "user" });
		return { ...printed, status: Number(process.exitCode ?? 0) };
	} catch (error) {
		return { ...printed, status: 1, stderr: printed.stderr || `error: ${(error as Error).message}\n` };
	} finally {
		process.exitCode = before;
		for (const spy of spies) spy.mockRestore();
		vi.unstubAllEnvs();
	}
}
