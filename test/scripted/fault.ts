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
	| { readonly kind: "scale"; readonly to: number };

export type Faults = ReadonlyMap<number, Fault>;

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
	else if (fault.kind === "scale") scale(world, fault.to);
}

function empty(world: World, unit: Unit): void {
	unit.loses = "all";
	if (unit.process !== undefined) world.boot(unit);
}

/** What goes is gone without a word, what comes is none of the cluster's. */
function scale(world: World, to: number): void {
	const cluster = world.present();
	if (to === 0) world.halt("stopped");
	if (to === 0 || cluster.mode === "idle") return;
	cluster.mode = "running";
	cluster.units = cluster.units.filter(({ foreign, ordinal }) => !foreign || ordinal < to);
	for (const unit of cluster.units) {
		if (unit.ordinal < to && unit.process === undefined) world.boot(unit);
		if (unit.ordinal >= to) Object.assign(unit, { process: undefined, lastWords: undefined, outByUs: false });
	}
	for (const { name, shard, ordinal } of world.places(cluster.shards, to)) {
		const version = cluster.units[0]?.version;
		if (version === undefined || cluster.units.some((unit) => unit.name === name)) continue;
		const unit: Unit = { ...world.fresh(shard, ordinal, version), tables: [], joining: true, foreign: true };
		cluster.units.push(unit);
		world.boot(unit);
	}
}
