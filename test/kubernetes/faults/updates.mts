import { join } from "node:path";
import type { Cli } from "../../engine/cli.mts";
import { root } from "../../engine/project.mts";
import { Host, type Properties, Refused } from "../../wire/host.ts";
import type { Space } from "../harness.ts";
import { catalogue, KubernetesProject, YamlProject } from "../projects.mts";
import type { Runner } from "./cells.mts";

export interface Ended {
	readonly ok: boolean;
	readonly output: string;
}

/** Runs of Pulumi on one cluster, one after the other: what one leaves as its state, the next finds. */
export interface Updates {
	up(version: string): Promise<Ended>;
	/** To the program of the run under way. */
	signal(signal: NodeJS.Signals): void;
	close(): Promise<void>;
}

const update = {
	policy: "any",
	drainSeconds: 10,
	// Keeper remembers the session of a server that was killed for half a minute, in which it does not catch up.
	stallSeconds: 60,
	// So long that the log is read once before it is over.
	hold: { seconds: 6 },
};

/** An hour, one time ahead and one time back. */
const hour = 3_600_000;
const preload = join(root, "test/engine/shifted-clock.cjs");

/** @param given Settings of the cluster. */
export async function updatesBy(
	runner: Runner,
	space: Space,
	given: Readonly<Record<string, unknown>>,
): Promise<Updates> {
	if (runner === "provider") return new ByProvider({ versions: catalogue, update, kubernetes: space.given(given) });
	const project = runner === "dynamic" ? new KubernetesProject(space, given) : new YamlProject(space, given);
	return new ByCli(await project.set({ update }).init());
}

/** The provider's process, spoken to as the engine does: it starts with the run and ends with it. */
class ByProvider implements Updates {
	#state: { readonly id: string; readonly inputs: Properties; readonly outputs: Properties } | undefined;
	#host: Host | undefined;
	#runs = 0;

	constructor(private readonly args: Properties) {}

	async up(version: string): Promise<Ended> {
		const jump = String(this.#runs++ % 2 === 0 ? hour : -hour);
		const env = { NODE_OPTIONS: `--require ${preload}`, DBCLUSTER_TEST_JUMP: jump };
		const host = new Host(root, "native", undefined, env);
		this.#host = host;
		try {
			const state = this.#state;
			const { inputs, failures } = await host.check(state?.inputs ?? {}, { ...this.args, name: "db", version });
			if (failures.length > 0) return { ok: false, output: JSON.stringify(failures) };
			if (state === undefined) this.#state = { inputs, ...(await host.create(inputs)) };
			else if ((await host.diff(state.id, state.outputs, inputs)).changes !== false)
				this.#state = { id: state.id, inputs, outputs: await host.update(state.id, state.outputs, inputs) };
			return { ok: true, output: host.lines.join("\n") };
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			const { unfinished } = error;
			if (unfinished !== undefined && this.#state !== undefined)
				this.#state = { ...this.#state, outputs: unfinished.outputs };
			return { ok: false, output: [...host.lines, error.message].join("\n") };
		} finally {
			await host.stop();
		}
	}

	signal(signal: NodeJS.Signals): void {
		this.#host?.signal(signal);
	}

	async close(): Promise<void> {}
}

class ByCli implements Updates {
	#cli: Cli | undefined;

	constructor(private readonly project: KubernetesProject) {}

	async up(version: string): Promise<Ended> {
		// What a killed run leaves behind.
		if (this.#cli !== undefined && (await this.#cli.ended).status === null) await this.project.run("cancel", "--yes");
		this.#cli = this.project.set({ version }).startUp();
		const { status, output } = await this.#cli.ended;
		return { ok: status === 0, output };
	}

	signal(signal: NodeJS.Signals): void {
		this.#cli?.kill(signal);
	}

	close(): Promise<void> {
		return this.project.remove();
	}
}
