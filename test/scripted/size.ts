import { ControlError } from "../../src/control/errors";
import type { Assessment, ClusterSpec, Obstacle } from "../../src/control/port";
import { answers, type Unit } from "./unit";
import type { World } from "./world";

type Size = Pick<ClusterSpec, "shards" | "replicas">;

export const isMember = ({ joining, scaled }: Unit) => !joining && scaled !== "surplus";

/** Where the replicas of a cluster of some size are. */
export function places({ name }: Pick<World, "name">, { shards, replicas }: Size) {
	return Array.from({ length: shards * replicas }, (_, index) => {
		const [shard, ordinal] = [Math.floor(index / replicas), index % replicas];
		return { name: `${name}-${shard}-${ordinal}`, shard, ordinal };
	});
}

export function assess(world: World, { settings, shards, replicas }: Pick<ClusterSpec, "settings"> & Size): Assessment {
	const { mode, units, ...cluster } = world.present();
	const obstacles: Obstacle[] = [];
	const now = world.clock.now();
	if (shards < cluster.shards) obstacles.push({ property: "shards", reason: "the rows of a shard would be lost." });
	if (replicas < cluster.replicas && units.some((unit) => unit.ordinal >= replicas && unit.alone && answers(unit, now)))
		obstacles.push({ property: "replicas", reason: "one holds what no other holds." });
	const resizes = shards !== cluster.shards || replicas !== cluster.replicas;
	if (resizes && mode !== "running")
		obstacles.push({ property: "replicas", reason: "replicas join and leave only a cluster that runs." });
	const members = new Set(units.filter(isMember).map(({ name }) => name));
	const joins = places(world, { shards, replicas }).filter(({ name }) => !members.has(name));
	const leaves = units
		.filter(({ shard, ordinal }) => ordinal >= replicas || shard >= shards)
		.sort((a, b) => b.ordinal - a.ordinal);
	const mute = leaves.find((unit) => isMember(unit) && !answers(unit, now));
	if (mute !== undefined && mode === "running")
		obstacles.push({ property: "replicas", reason: `${mute.name} can't be asked what it holds.` });
	return {
		obstacles,
		restarts: units
			.filter((unit) => isMember(unit) && !leaves.includes(unit) && mode === "running" && unit.process !== undefined)
			.filter((unit) => unit.settings !== JSON.stringify(settings))
			.map(({ name }) => name),
		joins,
		leaves: leaves.map(({ name }) => name),
		rejoins: units
			.filter((unit) => unit.scaled === "away" && !unit.joining && !leaves.includes(unit) && mode === "running")
			.map(({ name }) => name),
	};
}

export function configure(world: World, { settings, shards, replicas, update }: ClusterSpec): void {
	const cluster = world.present();
	if (shards < cluster.shards || replicas < cluster.replicas)
		throw new ControlError("it can't be made smaller like that");
	cluster.settings = JSON.stringify(settings);
	cluster.update = update ?? cluster.update;
	for (const unit of cluster.units.filter(({ scaled }) => scaled !== undefined)) {
		unit.joining = unit.scaled === "surplus";
		unit.scaled = undefined;
		if (cluster.mode === "running") world.boot(unit);
	}
	for (const { name, shard, ordinal } of places(world, { shards, replicas })) {
		const present = cluster.units.find((unit) => unit.name === name);
		if (present?.foreign) cluster.units = cluster.units.filter((unit) => unit !== present);
		else if (present !== undefined) {
			// It serves nobody yet.
			if (present.joining && present.process && present.settings !== cluster.settings) world.boot(present);
			continue;
		}
		const unit = { ...world.fresh(shard, ordinal, world.template(shard)), joining: true };
		cluster.units.push(unit);
		world.data.setTables(unit, unit.tables);
		if (cluster.mode === "running") world.boot(unit);
	}
}

export function join(world: World, { shards, replicas }: Size): string[] {
	const cluster = world.present();
	const out = cluster.units.filter((unit) => unit.joining && world.condition(unit).caughtUp !== true);
	if (out.length > 0) return out.map(({ name }) => name);
	for (const unit of cluster.units) unit.joining = false;
	cluster.units.sort((a, b) => a.shard - b.shard || a.ordinal - b.ordinal);
	Object.assign(cluster, { shards, replicas });
	world.invariants.joined(cluster.units);
	return [];
}

export function leave(world: World, name: string): void {
	const cluster = world.present();
	const unit = world.unit(name);
	const others = cluster.units.filter((one) => one.shard === unit.shard && one !== unit && !one.joining);
	if (world.condition(unit).serving) world.invariants.breach("two-out", `${name} was to leave while clients reach it`);
	if (unit.alone || (isMember(unit) && world.data.onlyOn(unit, others).length > 0))
		throw new ControlError(`${name} holds what no other replica holds`);
	if (isMember(unit)) cluster.replicas = Math.min(cluster.replicas, unit.ordinal);
	world.told.set(unit.shard, world.template(unit.shard));
	cluster.units = cluster.units.filter((one) => one !== unit);
	world.remember(name, undefined);
}

/** As a fault: somebody else asks for another number of replicas of each shard. */
export function scale(world: World, asks: number): void {
	const cluster = world.present();
	world.scalings++;
	world.asks = asks === cluster.replicas ? undefined : asks;
	cluster.units = cluster.units.filter(({ scaled, ordinal }) => scaled !== "surplus" || ordinal < asks);
	for (const unit of cluster.units) {
		if (unit.scaled === "surplus" || unit.joining) continue;
		const away = unit.ordinal >= asks;
		if (away) Object.assign(unit, { process: undefined, lastWords: undefined, outByUs: false, scaled: "away" });
		else if (unit.scaled === "away") {
			unit.scaled = undefined;
			world.comesBack(unit);
		}
	}
	for (const { name, shard, ordinal } of places(world, { shards: cluster.shards, replicas: asks })) {
		if (cluster.units.some((unit) => unit.name === name)) continue;
		const surplus: Unit = { ...world.fresh(shard, ordinal, world.template(shard)), scaled: "surplus" };
		cluster.units.push(surplus);
	}
}
