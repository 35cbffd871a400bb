import type { DbVersion } from "../../src/core/version";
import { places } from "./size";
import type { Unit } from "./unit";
import type { World } from "./world";

/** What goes wrong at a port call, counted from 0 over all processes. */
export type Fault =
	/** The calling process is killed before or after the call took effect. */
	| { readonly kind: "crash"; readonly when: "before" | "after" }
	/** This call and those after it can't reach the platform. */
	| { readonly kind: "unreachable"; readonly calls: number }
	/** The platform won't do it, whatever the reason. */
	| { readonly kind: "refuse"; readonly words: string }
	/** The calling process is suspended, as on a laptop that sleeps, and then goes on with the call. */
	| { readonly kind: "suspend"; readonly seconds: number }
	/** It took effect, and the answer was lost. */
	| { readonly kind: "no-answer" }
	/** The answer shows what the platform stored so many seconds ago. */
	| { readonly kind: "stale"; readonly seconds: number }
	| { readonly kind: "kill"; readonly replica: string }
	| { readonly kind: "behind" | "read-only"; readonly replica: string; readonly seconds: number }
	| { readonly kind: "steal"; readonly seconds: number }
	/** The replica is made anew on an empty volume. */
	| { readonly kind: "empty"; readonly replica: string }
	/** Its next start, whoever asks for it, finds this gone. */
	| { readonly kind: "loses"; readonly replica: string; readonly what: "all" | "a table" }
	/** Somebody drops a table on it, and not on the others. */
	| { readonly kind: "drop"; readonly replica: string }
	/** A query of a client begins there; its INSERT is told to be done at its end. */
	| { readonly kind: "query"; readonly replica: string; readonly seconds: number }
	/** Others scale the cluster's sets. */
	| { readonly kind: "scale"; readonly to: number }
	/** Its process ends and the same version is started again, all between two looks. */
	| { readonly kind: "flap"; readonly replica: string }
	/** Others delete its pod: another takes its place, and starts what its shard was last told to. */
	| { readonly kind: "replace"; readonly replica: string }
	/** Others write another version into the template of a replica's shard. */
	| { readonly kind: "set-image"; readonly replica: string; readonly version: DbVersion }
	/** Others take it out of the clients' endpoints, or let clients reach it. */
	| { readonly kind: "relabel"; readonly replica: string; readonly reached: boolean };

/** Several at one call: nobody sees the cluster between them. */
export type Faults = ReadonlyMap<number, Fault | readonly Fault[]>;

/** Those of some faults that are of this kind. */
export function faultOf<Kind extends Fault["kind"]>(faults: readonly Fault[], kind: Kind) {
	return faults.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
}

/** What a fault does to the cluster. */
export function strike(world: World, fault: Fault): void {
	const now = world.clock.now();
	const until = (seconds: number) => now + seconds * 1000;
	if (fault.kind === "kill") world.kill(fault.replica);
	else if (fault.kind === "behind") world.unit(fault.replica).behindUntil = until(fault.seconds);
	else if (fault.kind === "read-only") world.unit(fault.replica).readOnlyUntil = until(fault.seconds);
	else if (fault.kind === "steal") world.claims.steal("a thief", fault.seconds);
	else if (fault.kind === "empty") empty(world, world.unit(fault.replica));
	else if (fault.kind === "loses") world.unit(fault.replica).loses = fault.what;
	else if (fault.kind === "drop") world.data.lose(world.unit(fault.replica), "a table");
	else if (fault.kind === "query") world.unit(fault.replica).queries.push(until(fault.seconds));
	else if (fault.kind === "scale") (world.shared ? ask : scale)(world, fault.to);
	else if (fault.kind === "set-image") world.told.set(world.unit(fault.replica).shard, fault.version);
	else if (fault.kind === "flap" || fault.kind === "replace" || fault.kind === "relabel")
		touch(world, world.unit(fault.replica), fault);
}

/** What others do to one replica. One that is not asked for, or whose cluster is stopped, has no pod. */
function touch(world: World, unit: Unit, fault: Extract<Fault, { kind: "flap" | "replace" | "relabel" }>): void {
	const { process, scaled } = unit;
	world.struckAt.set(unit.name, world.clock.now());
	if (world.present().mode !== "running" || scaled !== undefined) return;
	if (fault.kind === "replace") world.comesBack(unit);
	if (process === undefined) return;
	if (fault.kind === "flap")
		Object.assign(unit, { process: { ...process, since: world.clock.now() }, queries: [], taken: false });
	if (fault.kind === "relabel") unit.drained = !fault.reached;
}

function empty(world: World, unit: Unit): void {
	unit.loses = "all";
	if (unit.process === undefined) return;
	world.struckAt.set(unit.name, world.clock.now());
	world.comesBack(unit);
}

/** As `kubectl scale`: what is not asked for any more is gone, and what comes serves nobody. */
function ask(world: World, to: number): void {
	const { mode, units } = world.present();
	for (const { name } of units) world.struckAt.set(name, world.clock.now());
	if (to === 0) {
		world.halt("stopped");
		world.asks = undefined;
		const cluster = world.present();
		cluster.units = cluster.units.filter(({ scaled }) => scaled !== "surplus");
		for (const unit of cluster.units) unit.scaled = undefined;
	} else if (mode !== "idle") {
		if (mode === "stopped") world.start();
		world.scale(to);
	}
}

/** Where nothing shows what others asked for: what goes is gone without a word, what comes is none of the cluster's. */
function scale(world: World, to: number): void {
	const cluster = world.present();
	if (to === 0) world.halt("stopped");
	if (to === 0 || cluster.mode === "idle") return;
	cluster.mode = "running";
	for (const { name } of cluster.units) world.struckAt.set(name, world.clock.now());
	cluster.units = cluster.units.filter(({ foreign, ordinal }) => !foreign || ordinal < to);
	for (const unit of cluster.units) {
		if (unit.ordinal < to && unit.process === undefined) world.comesBack(unit);
		if (unit.ordinal >= to) Object.assign(unit, { process: undefined, lastWords: undefined, outByUs: false });
	}
	for (const { name, shard, ordinal } of places(world, { shards: cluster.shards, replicas: to })) {
		const version = cluster.units[0]?.version;
		if (version === undefined || cluster.units.some((unit) => unit.name === name)) continue;
		const unit: Unit = { ...world.fresh(shard, ordinal, version), tables: [], joining: true, foreign: true };
		cluster.units.push(unit);
		world.boot(unit);
	}
}
