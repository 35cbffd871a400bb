import type { Care, ClusterControl, ReplicaView } from "../../src/control/port";
import type { CanaryHold } from "../../src/core/canary-queries";
import type { ObservedCluster } from "../../src/core/cluster";
import type { HeldTable, LocalTables } from "../../src/core/holdings";
import { type DbVersion, parseVersion } from "../../src/core/version";
import type { RollEvent } from "../../src/roll/events";
import { type Rolled, roll } from "../../src/roll/roll";
import type { Timing } from "../../src/roll/timing";
import { type Fault, ScriptedControl } from "../scripted/control";
import type { Engine, Unit } from "../scripted/unit";
import { rows, World } from "../scripted/world";

export function v(text: string): DbVersion {
	const version = parseVersion(text);
	if (version === undefined) throw new Error(`${text} is no version`);
	return version;
}

export const [v1, v2, v3] = [v("1.7.1"), v("1.8.0"), v("1.10.0")] as const;

/** A replica as it is when a test begins. */
export interface Given {
	readonly version?: DbVersion;
	/** Default: it serves. `failed`: told to start its version, it could not. */
	readonly is?: "serving" | "drained" | "killed" | "loading" | "failed";
	/** It runs with earlier settings. */
	readonly outdated?: boolean;
	/** Default: what every replica has. */
	readonly tables?: readonly HeldTable[];
	/** Why its data ends with its process. */
	readonly volatile?: string;
}

export interface GivenCluster {
	readonly mode?: "running" | "stopped" | "idle";
	readonly engines?: Readonly<Record<string, Engine>>;
	readonly mark?: ObservedCluster["mark"];
}

/** A world with a cluster, given by shard; `given([{}, { is: "killed" }])` is one shard of two replicas at v1. */
export function given(shards: readonly (readonly Given[])[], { mode, engines, mark }: GivenCluster = {}): World {
	const world = new World("a");
	for (const [key, engine] of Object.entries(engines ?? {})) world.engines.set(key, engine);
	const units = shards.flatMap((replicas, shard) =>
		replicas.map((replica, ordinal) => unitOf(world, shard, ordinal, replica)),
	);
	const replicas = Math.max(...shards.map((shard) => shard.length));
	const settings = "{}";
	world.cluster = {
		owner: "o",
		generation: "g",
		shards: shards.length,
		replicas,
		settings,
		mode: "running",
		units,
		mark,
	};
	world.data.seed();
	if (mode !== undefined && mode !== "running") world.halt(mode);
	return world;
}

function unitOf(world: World, shard: number, ordinal: number, given: Given): Unit {
	const { version = v1, is = "serving", outdated, tables = [rows], volatile } = given;
	const name = `a-${shard}-${ordinal}`;
	const engine: Engine = is === "failed" ? { fate: "missing" } : world.engine(name, version);
	const opened = is === "failed" || (is === "loading" && engine.pulls !== undefined) ? v1 : version;
	const unit: Unit = {
		...blank,
		name,
		shard,
		ordinal,
		version,
		openedBy: opened,
		queries: [],
		stored: new Set(),
		tables: [...tables],
		volatile,
	};
	const since = is === "loading" ? world.clock.now() : 0;
	if (is === "killed") unit.lastWords = "killed";
	else unit.process = { version, engine, since };
	unit.drained = is === "drained";
	if (outdated) unit.settings = '{"earlier":true}';
	return unit;
}

const blank = {
	settings: "{}",
	joining: false,
	drained: false,
	readOnlyUntil: 0,
	behindUntil: 0,
	outByUs: false,
};

/** What one process did and how it ended. */
export interface Run {
	readonly events: readonly RollEvent[];
	readonly rolled?: Rolled;
	readonly error?: unknown;
	readonly crashed: boolean;
}

export interface RunOptions {
	/** By the number of the port call, from 0 at the world's first. */
	readonly faults?: Readonly<Record<number, Fault | readonly Fault[]>>;
	readonly timing?: Partial<Timing>;
	readonly judge?: (observed: ObservedCluster) => void | Promise<void>;
	readonly report?: (event: RollEvent) => void;
	readonly holder?: string;
	readonly writesNeed?: "one" | "all";
	readonly localTables?: LocalTables;
	readonly canary?: CanaryHold;
	readonly stop?: AbortSignal;
	/** The way to the cluster that the process is given, as with a bug. */
	readonly through?: (control: ClusterControl, world: World) => ClusterControl;
}

/** Rolls in a process of its own until it is done, has failed, or has crashed. */
export async function run(world: World, to: DbVersion, options: RunOptions = {}): Promise<Run> {
	const {
		faults = {},
		timing,
		judge,
		report = () => {},
		holder = "the test",
		writesNeed,
		localTables,
		canary,
		stop,
		through = () => control,
	} = options;
	world.data.localTables = localTables ?? [];
	const entries = Object.entries(faults).map(([call, fault]) => [Number(call), fault] as const);
	const schedule = new Map(entries);
	const control = new ScriptedControl(world, schedule);
	if (writesNeed !== undefined) control.writesNeed = writesNeed;
	const events: RollEvent[] = [];
	const ended = roll({
		control: through(control, world),
		to,
		holder,
		clock: world.clock,
		timing,
		judge,
		localTables,
		canary,
		stop,
		report: (event) => {
			events.push(event);
			report(event);
		},
	}).then(
		(rolled) => ({ rolled, crashed: false }),
		(error: unknown) => ({ error, crashed: false }),
	);
	const outcome = await Promise.race([ended, control.crashed.then(() => ({ crashed: true }))]);
	// A look of one shard may still be on its way when another has ended the roll; its faults are not the next run's.
	schedule.clear();
	return { events, ...outcome };
}

/** The versions that the replicas would show to somebody who asks now. */
export function shown(world: World): string[] {
	const cluster = world.observe(new Map());
	return (cluster?.replicas ?? []).map(
		({ name, version, serving }) => `${name} ${version} ${serving ? "serves" : "down"}`,
	);
}

/** A way to the cluster on which each look shows something else. */
export const shows = (other: (view: ReplicaView) => Partial<ReplicaView>) => (control: ClusterControl) => ({
	...control,
	look: async (name: string, care?: Care) => {
		const view = await control.look(name, care);
		return { ...view, ...other(view) };
	},
});
