import { type Holdings, lackedBy, tableName } from "../../src/core/holdings";
import { compareVersions, type DbVersion, sameVersion } from "../../src/core/version";
import { answers, type Condition, type Unit } from "./unit";
import type { World } from "./world";

/** What one process last saw of a replica, and last heard from it. */
export interface Seen {
	readonly condition?: Condition;
	readonly openedBy?: DbVersion;
	readonly told?: { readonly holds: Holdings; readonly at: number };
}

/** What one process knows of each replica. */
export type Memory = Map<string, Seen>;

const fit = ({ serving, readOnly, caughtUp }: Condition) => serving && readOnly !== true && caughtUp !== false;

function peersOf(world: World, unit: Unit): Unit[] {
	return world.present().units.filter((other) => other.shard === unit.shard && other !== unit && !other.joining);
}

/** What must hold whenever a roll takes a replica that serves, or would, out of service. */
export function takeOut(world: World, unit: Unit, memory: Memory): void {
	const { serving } = world.condition(unit);
	// It may have come back between the look at it and this.
	if (!unit.outByUs && !(serving && memory.get(unit.name)?.condition?.serving !== false)) return;
	unit.outByUs = true;
	unit.taken ||= serving;
	const peers = peersOf(world, unit);
	for (const other of isWrong(world, unit, peers) ? [] : peers) {
		world.condition(other);
		if (other.outByUs) world.violations.push(`${unit.name} was taken out while ${other.name} was out, too`);
		const seen = memory.get(other.name)?.condition;
		if (serving && (seen === undefined || !fit(seen))) {
			world.violations.push(`${unit.name} was taken out though ${other.name} was last seen ${seen?.phase ?? "never"}`);
		}
	}
	const reached = peers.filter(({ outByUs }) => !outByUs);
	// One whose server does not answer serves its rows to nobody, and only a start that works brings them back.
	const rows = answers(unit, world.clock.now()) ? world.data.onlyOn(unit, reached) : [];
	const last = rows.find((row) => !world.data.isOnItsWay(row, reached));
	if (last !== undefined && peers.length > 0 && !wasSudden(world, peers, memory))
		world.violations.push(`${unit.name} was taken out with the last copy of a row of ${last.table}`);
}

/** It lacks what another has that serves all that it has itself: its answers are wrong, and nobody needs them. */
export function isWrong(world: World, { tables }: Unit, peers: readonly Unit[]): boolean {
	return peers.some((other) => {
		const lacked = (of: Unit["tables"], by: Unit["tables"]) =>
			lackedBy({ tables: by }, { tables: of }, world.data.localTables);
		const differs = lacked(other.tables, tables).length > 0;
		return differs && lacked(tables, other.tables).length === 0 && world.condition(other).serving;
	});
}

/**
 * What must hold right before a replica that a roll took out is restarted: the others were asked, and have each row. They
 * have it until a restart of their own, of which the same must hold; so each row is with one that no roll took out.
 */
export function restartOf(world: World, unit: Unit, memory: Memory): void {
	if (!unit.taken) return;
	const own = memory.get(unit.name)?.told;
	if (own?.holds.volatile !== undefined)
		world.violations.push(`${unit.name} was restarted though its data ends with its process`);
	const peers = peersOf(world, unit);
	for (const other of peers) {
		const its = memory.get(other.name)?.told;
		const lacked = own && its && lackedBy(its.holds, own.holds, world.data.localTables);
		if (lacked === undefined)
			world.violations.push(`${unit.name} was restarted with nobody asked what ${other.name} holds`);
		else if (lacked.length > 0)
			world.violations.push(`${unit.name} was restarted though ${other.name} lacks ${lacked.map(tableName)}`);
	}
	const reached = peers.filter(({ outByUs }) => !outByUs);
	const [last] = world.data.onlyOn(unit, reached);
	if (last !== undefined && peers.length > 0 && !wasSudden(world, peers, memory))
		world.violations.push(`${unit.name} was restarted with the last copy of a row of ${last.table}`);
}

/**
 * No roll asks for an older version than it saw the data opened by. What others start after its last look it can't know:
 * there the platform's refusal is what keeps the data.
 */
export function goesBack(world: World, { name, openedBy }: Unit, to: DbVersion, memory: Memory): void {
	const seen = memory.get(name);
	if (seen?.condition === undefined || (seen.openedBy !== undefined && compareVersions(to, seen.openedBy) < 0))
		world.violations.push(`${name} was to go back from ${openedBy} to ${to}`);
}

/** A replica that is let back has as much as the cluster remembers of it. */
export function letBack(world: World, unit: Unit, memory: Memory): void {
	if (!unit.drained || unit.process === undefined || wasSudden(world, [unit], memory)) return;
	const had = world.present().held?.[unit.name]?.tables ?? 0;
	if (unit.tables.length < had) world.violations.push(`${unit.name} was let back with less than it had`);
}

/** What must hold when the mark of an update goes. */
export function finish(world: World): void {
	const cluster = world.present();
	const { mark } = cluster;
	for (const unit of mark === undefined ? [] : cluster.units.filter(({ foreign }) => !foreign)) {
		const { serving } = world.condition(unit);
		if (mark && !sameVersion(unit.version, mark.to)) world.violations.push(`finished while ${unit.name} was not`);
		if (cluster.mode === "running" && !serving) world.log.push(`finished while ${unit.name} does not serve`);
	}
	cluster.mark = undefined;
}

/** One of them lost something after this process last asked it, which nobody can know of. */
function wasSudden({ data }: World, units: readonly Unit[], memory: Memory): boolean {
	return units.some(({ name }) => {
		const lost = data.lostAt.get(name);
		return lost !== undefined && lost >= (memory.get(name)?.told?.at ?? Number.NEGATIVE_INFINITY);
	});
}
