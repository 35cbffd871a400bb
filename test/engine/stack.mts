import {
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inject, onTestFinished } from "vitest";
import { freePort } from "../../tools/port.mts";
import { endProcessesOf } from "../../tools/processes.mts";
import { Cli, type Ran } from "./cli.mts";

const root = resolve(import.meta.dirname, "../..");
const machine = `${process.platform}-${process.arch}`;
const require_ = createRequire(join(root, "examples", "quickstart", "index.ts"));

/** The folders of the two engines that the quickstart brings. */
export const engineFolders = {
	old: dirname(require_.resolve(`engine-26.5-${machine}/package.json`)),
	new: dirname(require_.resolve(`@chdb/lib-${machine}${process.platform === "linux" ? "-gnu" : ""}/package.json`)),
};
export const oldVersion = "26.5.1.1";
export const newVersion = "26.7.2.1";
export const transition = `${oldVersion} -> ${newVersion}`;

type Json = string | number | boolean | { readonly [key: string]: Json | undefined } | readonly Json[];
export interface Args {
	readonly [key: string]: Json | undefined;
}

/** A stack of its own: program, backend, cluster, port. All of it is gone when the test is over. */
export class Stack {
	readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	/** The folder of the cluster. */
	readonly cluster = join(this.folder, "cluster");
	readonly #program = join(this.folder, "program");
	readonly #env: NodeJS.ProcessEnv;
	#args: Args;

	constructor(readonly port: number) {
		this.#args = {
			version: oldVersion,
			local: {
				directory: this.cluster,
				port,
				engines: { [oldVersion]: engineFolders.old, [newVersion]: engineFolders.new },
				// Also where a test takes the newer engine away: the older one's own addon does not load on every system.
				addon: join(engineFolders.new, "chdb_node.node"),
			},
		};
		this.#env = {
			PATH: [dirname(process.execPath), inject("pulumi"), "/usr/bin", "/bin"].join(delimiter),
			HOME: this.folder,
			TMPDIR: tmpdir(),
			PULUMI_HOME: join(this.folder, "pulumi"),
			PULUMI_BACKEND_URL: pathToFileURL(join(this.folder, "state")).href,
			PULUMI_CONFIG_PASSPHRASE: "test",
			PULUMI_SKIP_UPDATE_CHECK: "1",
		};
		mkdirSync(join(this.folder, "state"));
		mkdirSync(join(this.#program, "node_modules"), { recursive: true });
		symlinkSync(root, join(this.#program, "node_modules", "pulumi-dbcluster"));
		symlinkSync(join(root, "node_modules", "@pulumi"), join(this.#program, "node_modules", "@pulumi"));
		copyFileSync(join(import.meta.dirname, "program.js"), join(this.#program, "index.js"));
		const runtime = { name: "nodejs", options: { typescript: false } };
		writeFileSync(join(this.#program, "package.json"), JSON.stringify({ name: "test", main: "index.js" }));
		writeFileSync(join(this.#program, "Pulumi.yaml"), JSON.stringify({ name: "test", runtime }));
	}

	/** Changes some of the program's arguments; those of `local` one by one. */
	set({ local, ...rest }: Args): this {
		this.#args = { ...this.#args, ...rest, local: { ...(this.#args.local as Args), ...(local as Args) } };
		return this;
	}

	get engines(): Readonly<Record<string, string>> {
		return (this.#args.local as { engines: Record<string, string> }).engines;
	}

	/** Starts the CLI and comes back while it runs. */
	start(command: string, ...flags: string[]): Cli {
		writeFileSync(join(this.#program, "args.json"), JSON.stringify(this.#args));
		return new Cli([command, ...flags, "--non-interactive", "--color", "never"], this.#program, this.#env);
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

	/** Asks the cluster over HTTP, as any client does; throws what it answers when that is an error. */
	async query(sql: string): Promise<string> {
		const answer = await fetch(`http://127.0.0.1:${this.port}/`, { method: "POST", body: sql });
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
		return text.trim();
	}

	/** The record that the cluster keeps about itself. */
	record(): ClusterFile {
		return JSON.parse(readFileSync(join(this.cluster, "cluster.json"), "utf8"));
	}

	/** Changes the record by hand. */
	editRecord(change: (record: ClusterFile) => void): void {
		const record = this.record();
		change(record);
		writeFileSync(join(this.cluster, "cluster.json"), JSON.stringify(record));
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
	const found = deployment.resources.find(({ type }) => type === "pulumi-nodejs:dynamic/dbcluster:DbCluster");
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

/** What the tests look at in a cluster's cluster.json. */
export interface ClusterFile {
	cluster?: {
		desired: string;
		mark?: { from: string; to: string; since: string };
		wanted: Record<string, { version: string; run: number }>;
	};
}

/** A new stack that is removed when the test is over, however it ends. */
export async function stack(args: Args = {}): Promise<Stack> {
	const made = await openStack(args);
	onTestFinished(() => made.remove());
	return made;
}

/** A new stack that several tests share; whoever opens it removes it. */
export async function openStack(args: Args = {}): Promise<Stack> {
	const made = new Stack(await freePort()).set(args);
	const { status, output } = await made.run("stack", "init", "test");
	if (status === 0) return made;
	await made.remove();
	throw new Error(output);
}
