import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { testPort } from "./port.mts";
import { type Args, Project, root } from "./project.mts";

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

/** A project with a local cluster and a port of its own. All of it is gone when the test is over. */
export class Stack extends Project {
	/** The folder of the cluster. */
	readonly cluster = join(this.folder, "cluster");

	constructor(readonly port: number) {
		super();
		this.args = {
			version: oldVersion,
			local: {
				directory: this.cluster,
				port,
				engines: { [oldVersion]: engineFolders.old, [newVersion]: engineFolders.new },
				// Also where a test takes the newer engine away: the older one's own addon does not load on every system.
				addon: join(engineFolders.new, "chdb_node.node"),
			},
		};
	}

	/** Changes some of the program's arguments; those of `local` one by one. */
	override set({ local, ...rest }: Args): this {
		return super.set({ ...rest, local: { ...(this.args.local as Args), ...(local as Args) } });
	}

	get engines(): Readonly<Record<string, string>> {
		return (this.args.local as { engines: Record<string, string> }).engines;
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
	return new Stack(await testPort()).set(args).init();
}
