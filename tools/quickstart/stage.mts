import { spawn } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { Explained } from "../cli/program.mts";
import { localBackend, root, withPulumi } from "../environment.mts";
import { freePort } from "../port.mts";
import { endProcessesOf } from "../processes.mts";
import { paint, say } from "../terminal.mts";
import { Screen } from "./screen.mts";

const prefix = "dbcluster-quickstart-";
const pidFile = "pid";

/** What one run of the quickstart makes: a folder with a stack and a cluster in it, and processes that all name it. */
export interface Stage {
	readonly folder: string;
	readonly port: number;
	/**
	 * Runs the Pulumi CLI on the quickstart's program, shows the command as one types it and its output as it comes.
	 *
	 * @param onLine gets each line of the output, without colours.
	 */
	pulumi(command: string, options?: PulumiOptions): Promise<PulumiRun>;
	/** Ends every process and removes the folder. Safe at any moment, and again. */
	clear(): Promise<void>;
}

export interface PulumiOptions {
	/** Flags that no person would type: they stay out of the command that is shown. */
	readonly flags?: readonly string[];
	readonly onLine?: (line: string) => void;
	readonly quiet?: boolean;
}

export interface PulumiRun {
	readonly status: number | null;
	readonly output: string;
}

export async function openStage(cli: { readonly folder: string }): Promise<Stage> {
	await clearDead();
	const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
	writeFileSync(join(folder, pidFile), String(process.pid));
	mkdirSync(join(folder, "state"));
	// The clone's own project, seen from here: so that its stack's settings are not written into the clone.
	const project = join(folder, "project");
	mkdirSync(project);
	copyFileSync(join(root, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
	symlinkSync(join(root, "examples"), join(project, "examples"));
	const env = withPulumi(cli, {
		...localBackend(join(folder, "state")),
		// Its name stands in the environment of all that is started from here, which is how they are found at the end.
		PULUMI_HOME: join(folder, "pulumi"),
	});
	const common = ["--stack", "quickstart", "--non-interactive", "--color", process.stdout.isTTY ? "always" : "never"];

	let closed = false;
	const pulumi = async (command: string, { flags = [], onLine, quiet = false }: PulumiOptions = {}) => {
		if (closed) throw new Explained("everything is being ended");
		if (!quiet) say(paint("bold", `  $ pulumi ${command}`));
		// Not in the terminal's process group: a Ctrl-C is ours to see to.
		const child = spawn("pulumi", [...command.split(" "), ...flags, ...common], {
			cwd: project,
			env,
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		const screen = new Screen();
		for (const stream of [child.stdout, child.stderr]) {
			createInterface({ input: stream }).on("line", (line) => {
				const plain = stripVTControlCharacters(line);
				output += `${plain}\n`;
				onLine?.(plain);
				if (!quiet) for (const shown of screen.show(line, plain)) say(`  ${shown}`);
			});
		}
		const status = await new Promise<number | null>((resolve, reject) => {
			child.on("error", reject).on("close", resolve);
		});
		return { status, output };
	};
	const end = () => {
		closed = true;
		return clear(folder);
	};
	return { folder, port: await freePort(), pulumi, clear: end };
}

async function clear(folder: string): Promise<void> {
	await endProcessesOf(folder);
	rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A run that was killed outright could not clear up after itself. */
async function clearDead(): Promise<void> {
	for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
		const folder = join(realpathSync(tmpdir()), name);
		const owner = join(folder, pidFile);
		if (!existsSync(owner) || runs(Number(readFileSync(owner, "utf8")))) continue;
		await clear(folder);
		say(paint("dim", `Cleared up after an earlier run that was killed: ${folder}`));
	}
}

function runs(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
