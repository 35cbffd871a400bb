import { type ExecFileException, execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ControlError } from "../control/errors";
import { pulumiProblems } from "../words/status";

/** Bytes that the CLI may print: longer than the state of any stack, and shorter than a text of Node.js can be. */
const largest = 256 << 20;

/** The Pulumi CLI on PATH; used only for reading. */
export class Pulumi {
	constructor(
		/** Where it runs: the project's folder or one below it. */
		readonly folder: string,
	) {}

	async selected(): Promise<string> {
		const stacks = (await this.#json(["stack", "ls", "--json"])) as readonly Stack[];
		const current = stacks.find((stack) => stack.current);
		if (current === undefined) throw new ControlError(pulumiProblems.noStack(undefined));
		return current.name;
	}

	/** Every stack of the backend, as `--stack` takes them. */
	async all(): Promise<string[]> {
		return ((await this.#json(["stack", "ls", "--all", "--json"])) as readonly Stack[]).map(({ name }) => name);
	}

	/** The state of a stack. With `secrets` they are in plain text: never print or write it. */
	export(stack: string, secrets = false): Promise<unknown> {
		return this.#json(["stack", "export", "--stack", stack, ...(secrets ? ["--show-secrets"] : [])], stack);
	}

	async #json(args: readonly string[], stack?: string): Promise<unknown> {
		const text = await this.#run([...args, "--non-interactive", "--color", "never"], stack);
		try {
			return JSON.parse(text);
		} catch {
			// JSON.parse's message quotes the text, which may contain secrets.
			throw new ControlError(pulumiProblems.unreadable());
		}
	}

	#run(args: readonly string[], stack: string | undefined): Promise<string> {
		if (!isFolder(this.folder)) throw new ControlError(pulumiProblems.folder(this.folder));
		return new Promise((resolve, reject) => {
			const options = { cwd: this.folder, maxBuffer: largest, env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" } };
			execFile("pulumi", args, options, (error, stdout, stderr) => {
				if (error === null) resolve(stdout);
				else reject(new ControlError(this.#problem(error, stderr, stack)));
			});
		});
	}

	#problem(error: ExecFileException, stderr: string, stack: string | undefined): string {
		if (error.code === "ENOENT") return pulumiProblems.missing();
		if (/no Pulumi\.yaml project file|pass the fully qualified name/.test(stderr)) {
			return pulumiProblems.noProject(this.folder);
		}
		if (/PULUMI_ACCESS_TOKEN must be set|not logged in|pulumi login/.test(stderr)) return pulumiProblems.notLoggedIn();
		if (/no stack named|no stack selected/.test(stderr)) return pulumiProblems.noStack(stack);
		if (/passphrase/.test(stderr)) return pulumiProblems.passphrase();
		return pulumiProblems.other(stderr.replace(/^error: /gm, "") || error.message);
	}
}

interface Stack {
	readonly name: string;
	readonly current: boolean;
}

/** The project of a folder: its name, and its program's folder, which the program's paths start from. */
export interface Project {
	readonly name: string;
	readonly program: string;
}

/** The project of a folder or a parent of it, found as the CLI does. */
export function projectOf(folder: string): Project | undefined {
	for (let at = resolve(folder); ; at = dirname(at)) {
		const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(at, name)).find(existsSync);
		if (file !== undefined) {
			const text = readFileSync(file, "utf8");
			const value = (key: string) => new RegExp(`^${key}:\\s*["']?([^"'#\\n]+)`, "m").exec(text)?.[1]?.trim();
			const main = resolve(at, value("main") ?? ".");
			return { name: value("name") ?? "", program: isFolder(main) ? main : dirname(main) };
		}
		if (dirname(at) === at) return undefined;
	}
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
