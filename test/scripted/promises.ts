import { type Holdings, lackedBy, tableName } from "../../src/core/holdings";
import { compareVersions, type DbVersion, sameVersion } from "../../src/core/version";
import { isMember } from "./size";
import { answers, type Condition, type Unit } from "./unit";
import type { World } from "./world";

/** What one process last saw of a replica, and last heard from it. */
export interface Seen {
	readonly condition?: Condition;
	/** When it was last looked at. */
	readonly at?: number;
	/** The cluster was once seen stopped: its update is done once each replica's next start is at the target. */
	readonly stopped?: boolean;
	readonly openedBy?: DbVersion;
	readonly told?: { readonly holds: Holdings; readonly at: number };
}

/** What one process knows of each replica. */
export type Memory = Map<string, Seen>;

const fit = ({ serving, readOnly, caughtUp }: Condition) => serving && readOnly !== true && caughtUp !== false;

function peersOf(world: World, unit: Unit): Unit[] {
	const members = world.present().units.filter(isMember);
	return members.filter((other) => other.shard === unit.shard && other !== unit);
}

/** What must hold whenever a roll takes a replica that serves, or would, out of service. */
export function takeOut(world: World, unit: Unit, memory: Memory): void {
	const { serving } = world.condition(unit);
	// It may have come back between the look at it and this.
	if (!unit.outByUs && !(serving && memory.get(unit.name)?.condition?.serving !== false)) return;
	unit.outByUs = true;
	unit.taken ||= serving;
	const peers = peersOf(world, unit);
	unit.useless = isWrong(world, unit, peers, memory);
	for (const other of unit.useless ? [] : peers) {
		world.condition(other);
		if (other.outByUs && !other.useless)
			world.invariants.breach("two-out", `${unit.name} was taken out while ${other.name} was out, too`);
		const seen = memory.get(other.name)?.condition;
		if (serving && (seen === undefined || !fit(seen))) {
			const last = seen?.phase ?? "never";
			world.invariants.breach(
				"last-caught-up",
				`${unit.name} was taken out though ${other.name} was last seen ${last}`,
			);
		}
	}
	const reached = peers.filter(({ outByUs }) => !outByUs);
	// One whose server does not answer serves its rows to nobody, and only a start that works brings them back.
	const rows = answers(unit, world.clock.now()) ? world.data.onlyOn(unit, reached) : [];
	const last = rows.find((row) => !world.data.isOnItsWay(row, reached));
	if (last !== undefined && peers.length > 0 && !wasSudden(world, [unit, ...peers], memory))
		world.invariants.breach("last-copy", `${unit.name} was taken out with the last copy of a row of ${last.table}`);
}

/**
 * It lacks what another has that serves all that it has itself, or was last seen to: its answers are wrong, and nobody
 * needs them.
 */
export function isWrong(world: World, { tables }: Unit, peers: readonly Unit[], memory?: Memory): boolean {
	return peers.some((other) => {
		const lacked = (of: Unit["tables"], by: Unit["tables"]) =>
			lackedBy({ tables: by }, { tables: of }, world.data.localTables);
		const differs = lacked(other.tables, tables).length > 0;
		const serves = world.condition(other).serving || memory?.get(other.name)?.condition?.serving === true;
		return differs && lacked(tables, other.tables).length === 0 && serves;
	});
}

/**
 * What must hold right before a replica that a roll took out is restarted: the others were asked, and have each row. They
 * have it until a restart of their own, of which the same must hold; so each row is with one that no roll took out.
 */
export function restartOf(world: World, unit: Unit, memory: Memory): void {
	// One that died since it was taken out can't be asked.
	if (!unit.taken || unit.process === undefined) return;
	const own = memory.get(unit.name)?.told;
	if (own?.holds.volatile !== undefined)
		world.invariants.breach("last-copy", `${unit.name} was restarted though its data ends with its process`);
	const peers = peersOf(world, unit);
	for (const other of peers) {
		const its = memory.get(other.name)?.told;
		const lacked = own && its && lackedBy(its.holds, own.holds, world.data.localTables);
		if (lacked === undefined)
			world.invariants.breach("last-copy", `${unit.name} was restarted with nobody asked what ${other.name} holds`);
		else if (lacked.length > 0)
			world.invariants.breach(
				"last-copy",
				`${unit.name} was restarted though ${other.name} lacks ${lacked.map(tableName)}`,
			);
	}
	const reached = peers.filter(({ outByUs }) => !outByUs);
	// A query that outlived the drain is cut off, and may have ended since the last look.
	const seen = memory.get(unit.name)?.at ?? 0;
	const last = world.data.onlyOn(unit, reached).find(({ long, at }) => !long || at <= seen);
	if (last !== undefined && peers.length > 0 && !wasSudden(world, [unit, ...peers], memory))
		world.invariants.breach("last-copy", `${unit.name} was restarted with the last copy of a row of ${last.table}`);
}

/**
 * No roll asks for an older version than it saw the data opened by. What others start after its last look it can't know:
 * there the platform's refusal is what keeps the data.
 */
export function goesBack(world: World, { name, openedBy }: Unit, to: DbVersion, memory: Memory): void {
	const seen = memory.get(name);
	if (seen?.condition === undefined || (seen.openedBy !== undefined && compareVersions(to, seen.openedBy) < 0))
		world.invariants.breach("version-lower", `${name} was to go back from ${openedBy} to ${to}`);
}

/** A replica that is let back has as much as the cluster remembers of it. */
export function letBack(world: World, unit: Unit, memory: Memory): void {
	if (!unit.drained || unit.process === undefined || wasSudden(world, [unit], memory)) return;
	const had = world.present().held?.[unit.name]?.tables ?? 0;
	if (unit.tables.length < had) world.invariants.breach("stranger", `${unit.name} was let back with less than it had`);
}

/** What must hold when the mark of an update goes: all that this process last saw of the replicas says so. */
export function finish(world: World, memory: Memory): void {
	const cluster = world.present();
	const { mark } = cluster;
	cluster.mark = undefined;
	for (const { name, version } of mark === undefined ? [] : cluster.units.filter(isMember)) {
		if (mark === undefined || isStruck(world, name, memory)) continue;
		if (!sameVersion(version, mark.to)) world.invariants.breach("incomplete", `finished while ${name} was not`);
		const { condition: seen, stopped } = memory.get(name) ?? {};
		if (seen !== undefined && !seen.serving && !stopped)
			world.invariants.breach("incomplete", `finished while ${name} was last seen ${seen.phase}`);
	}
}

/** Others did something to it after this process last looked, which nobody can know of. */
function isStruck({ struckAt }: World, name: string, memory: Memory): boolean {
	const at = struckAt.get(name);
	return at !== undefined && at >= (memory.get(name)?.at ?? Number.NEGATIVE_INFINITY);
}

/** One of them lost something after this process last asked it, or was struck, which nobody can know of. */
function wasSudden(world: World, units: readonly Unit[], memory: Memory): boolean {
	return units.some(({ name }) => {
		const lost = world.data.lostAt.get(name);
		const asked = memory.get(name)?.told?.at ?? Number.NEGATIVE_INFINITY;
		return (lost !== undefined && lost >= asked) || isStruck(world, name, memory);
	});
}
