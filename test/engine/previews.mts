import { copyFileSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Cli } from "./cli.mts";
import { testPort } from "./port.mts";
import { type Args, Project, root } from "./project.mts";
import { engineFolders, newVersion, oldVersion } from "./stack.mts";

const recordings = join(root, "test/cli/report/previews");

/** What a run of `pulumi preview --json` left. */
export interface Previewed {
	readonly status: number | null;
	readonly json: string;
}

/** A project of several local clusters, each of one replica unless its arguments say otherwise. */
export class Fleet extends Project {
	readonly #clusters: Record<string, Args> = {};

	/** Sets some arguments of a cluster; `undefined` takes it out of the program. */
	async cluster(path: string, args: Args | undefined): Promise<this> {
		if (args === undefined) delete this.#clusters[path];
		else this.#clusters[path] = { ...(this.#clusters[path] ?? (await this.#local(path))), ...args };
		return this.set({ clusters: this.#clusters });
	}

	constructor() {
		super();
		copyFileSync(join(import.meta.dirname, "fleet.js"), join(this.program, "index.js"));
	}

	/**
	 * Runs `pulumi preview --json --show-sames`. With RECORD in the environment, what it printed becomes the recorded preview
	 * of that name, which the fast tests read; without what differs by machine and without the text of the provider.
	 * How far a preview that fails comes before it ends is another thing each time: look at what changed.
	 */
	previewed(name: string, ...flags: string[]): Promise<Previewed> {
		return this.#previewed(name, flags);
	}

	/** The same as a stream of events. */
	streamed(name: string): Promise<Previewed> {
		return this.#previewed(name, [], { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "1" });
	}

	async #previewed(name: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Previewed> {
		const file = join(this.folder, `${name}.json`);
		this.write();
		const command = `pulumi preview --json --non-interactive --color never "$@" > '${file}'`;
		const args = ["-c", command, "preview", ...(flags.length > 0 ? flags : ["--show-sames"])];
		const { status } = await new Cli(args, this.program, { ...this.env, ...env }, "sh").ended;
		const json = readFileSync(file, "utf8");
		if (process.env.RECORD) this.#record(name, json);
		return { status, json };
	}

	/** Records the stack's state likewise, under `name`. */
	async stateFile(name: string): Promise<string> {
		const file = join(this.folder, "export.json");
		await this.run("stack", "export", "--file", file);
		const json = readFileSync(file, "utf8");
		if (process.env.RECORD) this.#record(name, json);
		return json;
	}

	#record(name: string, json: string): void {
		// node_modules may be a link, and engines are named by where it leads.
		const modules = realpathSync(join(root, "node_modules"));
		const same = json
			.replaceAll(this.folder, "/tmp/fleet")
			.replaceAll(modules, "/repo/node_modules")
			.replaceAll(root, "/repo");
		const cleaned = (text: string) =>
			JSON.parse(text, (key, value) => {
				if (key === "stackTrace" || key === "sourcePosition") return undefined;
				if (key === "__provider" && typeof value === "string") return "...";
				return value;
			});
		const events = same.startsWith('{"sequence"') ? same.trim().split("\n").map(cleaned) : undefined;
		const text = events
			?.filter(({ diagnosticEvent }) => diagnosticEvent?.severity !== "debug")
			.map((event) => JSON.stringify(event));
		mkdirSync(recordings, { recursive: true });
		const file = join(recordings, `${name}.json${text === undefined ? "" : "l"}`);
		writeFileSync(file, `${text?.join("\n") ?? JSON.stringify(cleaned(same), undefined, "\t")}\n`);
	}

	async #local(path: string): Promise<Args> {
		return {
			version: oldVersion,
			replicas: 1,
			local: {
				directory: join(this.folder, path.replace("/", "-")),
				port: await testPort(),
				engines: { [oldVersion]: engineFolders.old, [newVersion]: engineFolders.new },
				addon: join(engineFolders.new, "chdb_node.node"),
			},
		};
	}
}

/** A new fleet that is removed when the test is over, however it ends. */
export async function fleet(): Promise<Fleet> {
	const made = await new Fleet().init();
	onTestFinished(() => made.remove());
	return made;
}
