import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inject } from "vitest";
import { quiet } from "../../tools/environment.mts";
import { endProcessesOf } from "../../tools/processes.mts";
import { Cli, type Ran } from "./cli.mts";

export const root = resolve(import.meta.dirname, "../..");

type Json = string | number | boolean | { readonly [key: string]: Json | undefined } | readonly Json[];
export interface Args {
	readonly [key: string]: Json | undefined;
}

/** A program with one DbCluster, whose arguments a test sets, and a stack and backend of its own. */
export class Project {
	readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	/** Where the CLI runs. */
	readonly program = join(this.folder, "program");
	protected readonly env: NodeJS.ProcessEnv;
	protected args: Args = {};

	/** What the CLI runs in, for another program of its user. */
	get environment(): NodeJS.ProcessEnv {
		return this.env;
	}

	constructor(environment: NodeJS.ProcessEnv = {}) {
		this.env = {
			PATH: [dirname(process.execPath), inject("pulumi"), inject("yaml"), "/usr/bin", "/bin"].join(delimiter),
			HOME: this.folder,
			TMPDIR: tmpdir(),
			PULUMI_HOME: join(this.folder, "pulumi"),
			PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href,
			PULUMI_CONFIG_PASSPHRASE: "test",
			...quiet,
			// Each run starts Node.js three times, and most of that is compiling the same modules.
			NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
			...environment,
		};
		mkdirSync(join(this.folder, "state"));
		mkdirSync(join(this.program, "node_modules"), { recursive: true });
		symlinkSync(root, join(this.program, "node_modules", "pulumi-dbcluster"));
		symlinkSync(join(root, "node_modules", "@pulumi"), join(this.program, "node_modules", "@pulumi"));
		copyFileSync(join(import.meta.dirname, "program.js"), join(this.program, "index.js"));
		const runtime = { name: "nodejs", options: { typescript: false } };
		writeFileSync(join(this.program, "package.json"), JSON.stringify({ name: "test", main: "index.js" }));
		writeFileSync(join(this.program, "Pulumi.yaml"), JSON.stringify({ name: "test", runtime }));
	}

	/** Changes some of the program's arguments. */
	set(args: Args): this {
		this.args = { ...this.args, ...args };
		return this;
	}

	/** Lets the CLI fetch plugins, as it does by default. */
	fetches(): this {
		delete this.env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION;
		return this;
	}

	/** Makes the stack; whatever was made is removed again when that fails. */
	async init(): Promise<this> {
		const { status, output } = await this.run("stack", "init", "test");
		if (status === 0) return this;
		await this.remove();
		throw new Error(output);
	}

	/** Hands the program its arguments. */
	write(): void {
		writeFileSync(join(this.program, "args.json"), JSON.stringify(this.args));
	}

	/** Starts the CLI and comes back while it runs. */
	start(command: string, ...flags: string[]): Cli {
		this.write();
		return new Cli([command, ...flags, "--non-interactive", "--color", "never"], this.program, this.env);
	}

	/** Starts this package's own command line, as a user of the stack would. */
	dbcluster(args: readonly string[], { cwd = this.program, env = {} as NodeJS.ProcessEnv } = {}): Cli {
		return new Cli([join(root, "dist/cli/main.js"), ...args], cwd, { ...this.env, ...env }, process.execPath);
	}

	run(command: string, ...flags: string[]): Promise<Ran> {
		return this.start(command, ...flags).ended;
	}

	preview(...flags: string[]): Promise<Ran> {
		return this.run("preview", "--diff", ...flags);
	}

	startUp(...flags: string[]): Cli {
		return this.start("up", "--yes", "--skip-preview", ...flags);
	}

	up(...flags: string[]): Promise<Ran> {
		return this.startUp(...flags).ended;
	}

	/** `up` that must go well. */
	async upOk(...flags: string[]): Promise<string> {
		const { status, output } = await this.up(...flags);
		if (status !== 0) throw new Error(`pulumi up failed:\n${output}`);
		return output;
	}

	async outputs(): Promise<Record<string, unknown>> {
		return JSON.parse((await this.run("stack", "output", "--json", "--show-secrets")).output);
	}

	/** The stack's whole state, as `pulumi stack export` writes it. */
	async exported(): Promise<string> {
		return (await this.run("stack", "export")).output;
	}

	async state(): Promise<State> {
		return JSON.parse(await this.exported());
	}

	/** The DbCluster in the state. */
	async resource(): Promise<StateResource> {
		return clusterOf(await this.state());
	}

	/** Puts another state in place of the stack's own, as a person can with `pulumi stack import`. */
	async restore(state: State): Promise<void> {
		const file = join(this.folder, "restored.json");
		writeFileSync(file, JSON.stringify(state));
		const { status, output } = await this.run("stack", "import", "--file", file);
		if (status !== 0) throw new Error(output);
	}

	/** Edits the DbCluster in the state by hand. */
	async edit(change: (resource: StateResource) => void): Promise<void> {
		const state = await this.state();
		change(clusterOf(state));
		await this.restore(state);
	}

	async rename(name: string): Promise<void> {
		const { status, output } = await this.run("stack", "rename", name);
		if (status !== 0) throw new Error(output);
	}

	async remove(): Promise<void> {
		await endProcessesOf(this.folder);
		rmSync(this.folder, { recursive: true, force: true });
	}
}

export interface State {
	readonly deployment: { readonly resources: readonly StateResource[] };
}

function clusterOf({ deployment }: State): StateResource {
	const found = deployment.resources.find(({ type }) => type.endsWith(":DbCluster"));
	if (found === undefined) throw new Error("there is no DbCluster in the state");
	return found;
}

export interface StateResource {
	readonly type: string;
	readonly id: string;
	inputs: Record<string, unknown>;
	outputs: Record<string, unknown>;
	readonly initErrors?: readonly string[];
}
