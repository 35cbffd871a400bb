import type { ObservedCluster } from "./cluster";
import { type Holdings, isLocal, type LocalTables, tableName } from "./holdings";

/** A replica in its declared shard, with what its server says. */
export interface Placed {
	readonly name: string;
	readonly shard: number;
	readonly holds: Holdings;
}

/** What shows whether two servers are of one shard. */
export type LayoutEvidence =
	/** A table that both have: the path of its copies on each. */
	| { readonly by: "paths"; readonly table: string; readonly paths: readonly [string, string] }
	| { readonly by: "macro"; readonly values: readonly [string, string] }
	/** A cluster in `system.clusters`, with which every other one that names these replicas agrees. */
	| { readonly by: "clusters"; readonly cluster: string };

/** A layout that the servers report and that differs from the declared one. */
export interface Told {
	/** The replicas of each shard, in the given order. */
	readonly shards: readonly (readonly string[])[];
	/** Two that are declared to be in one shard and are not, or the other way round. */
	readonly pair: readonly [string, string];
	/** They are declared to be in one shard. */
	readonly apart: boolean;
	readonly evidence: LayoutEvidence;
}

interface Says {
	readonly same: boolean;
	readonly evidence: LayoutEvidence;
}

interface Definition {
	readonly cluster: string;
	readonly shardOf: ReadonlyMap<string, number>;
}

/**
 * The layout that the servers report, if it differs from the declared one; `undefined` if nothing contradicts that.
 * Total.
 *
 * Replicas of one declared shard that are not would be taken for copies of each other, and rows would silently be
 * unavailable: the first evidence decides. Replicas of different declared shards may share a table, such as a small one
 * that is everywhere, and a macro that is the same on all servers may be unused: they count as one shard only if
 * nothing tells them apart.
 *
 * @param replicas Those that were asked, by shard.
 * @param all The names of all replicas: a cluster definition counts only if it names exactly these.
 */
export function toldOtherwise(
	replicas: readonly Placed[],
	all: readonly string[],
	local?: LocalTables,
): Told | undefined {
	const its = replicas.map((replica) => ({ ...replica, paths: pathsOf(replica.holds, local) }));
	const definitions = definitionsOf(its, all);
	const said = new Map<string, Says>();
	let found: Omit<Told, "shards"> | undefined;
	for (const [index, a] of its.entries())
		for (const b of its.slice(index + 1)) {
			const declared = a.shard === b.shard;
			const says = declared
				? (byPaths(a, b) ?? byMacro(a, b) ?? byClusters(a, b, definitions))
				: apartOr(byMacro(a, b), () => apartOr(byClusters(a, b, definitions), () => byPaths(a, b)));
			if (says === undefined) continue;
			said.set(`${a.name}\0${b.name}`, says);
			if (says.same !== declared) found ??= { pair: [a.name, b.name], apart: declared, evidence: says.evidence };
		}
	if (found === undefined) return undefined;
	const shards = grouped(its, (a, b) => said.get(`${a.name}\0${b.name}`)?.same);
	return isDeclared(shards) ? undefined : { shards: shards.map((group) => group.map(({ name }) => name)), ...found };
}

/** Combines two pieces of evidence on replicas of different declared shards. */
function apartOr(first: Says | undefined, next: () => Says | undefined): Says | undefined {
	if (first?.same === false) return first;
	const second = next();
	if (second?.same === false) return second;
	return first ?? second;
}

type Pathed = Placed & { readonly paths: ReadonlyMap<string, string> };

function pathsOf({ tables }: Holdings, local: LocalTables | undefined): Map<string, string> {
	return new Map(
		tables.flatMap((table) =>
			table.path === undefined || isLocal(table, local) ? [] : [[tableName(table), table.path] as const],
		),
	);
}

/** If some tables of the same name share a path and others do not, that shows nothing. */
function byPaths(a: Pathed, b: Pathed): Says | undefined {
	let says: Says | undefined;
	for (const [table, path] of a.paths) {
		const other = b.paths.get(table);
		if (other === undefined) continue;
		const same = other === path;
		if (says !== undefined && says.same !== same) return undefined;
		says ??= { same, evidence: { by: "paths", table, paths: [path, other] } };
	}
	return says;
}

function byMacro(a: Placed, b: Placed): Says | undefined {
	const values = [a.holds.layout?.shard, b.holds.layout?.shard] as const;
	if (values[0] === undefined || values[1] === undefined) return undefined;
	return { same: values[0] === values[1], evidence: { by: "macro", values: [values[0], values[1]] } };
}

/** Several clusters of the same hosts may be defined on purpose, so one that fits is enough. */
function byClusters(a: Placed, b: Placed, { fits, definitions }: Definitions): Says | undefined {
	const [first] = definitions;
	if (first === undefined || fits) return undefined;
	const same = first.shardOf.get(a.name) === first.shardOf.get(b.name);
	return { same, evidence: { by: "clusters", cluster: first.cluster } };
}

interface Definitions {
	readonly fits: boolean;
	readonly definitions: readonly Definition[];
}

function definitionsOf(replicas: readonly Placed[], all: readonly string[]): Definitions {
	const definitions = replicas.flatMap(({ holds }) =>
		Object.entries(holds.layout?.clusters ?? {}).flatMap(([cluster, shards]): Definition[] => {
			const hosts = shards.flat();
			const shardOf = new Map(shards.flatMap((its, shard) => its.map((host) => [host, shard] as const)));
			const exactly = hosts.length === all.length && all.every((name) => shardOf.has(name));
			return exactly ? [{ cluster, shardOf }] : [];
		}),
	);
	const fits = definitions.some(({ shardOf }) =>
		replicas.every((a) =>
			replicas.every((b) => (a.shard === b.shard) === (shardOf.get(a.name) === shardOf.get(b.name))),
		),
	);
	return { fits, definitions };
}

/** Groups each replica with those that evidence puts in its shard, or else with those that it is declared with. */
function grouped<T extends Placed>(replicas: readonly T[], same: (a: T, b: T) => boolean | undefined): T[][] {
	const groups: T[][] = [];
	for (const replica of replicas) {
		const may = groups.filter((group) => group.every((other) => same(other, replica) ?? other.shard === replica.shard));
		const group = may.find((its) => its.some((other) => same(other, replica) === true)) ?? may[0];
		if (group === undefined) groups.push([replica]);
		else group.push(replica);
	}
	return groups;
}

function isDeclared(groups: readonly (readonly Placed[])[]): boolean {
	const of = new Map<number, number>();
	return groups.every((group, index) =>
		group.every(({ shard }) => {
			const its = of.get(shard) ?? index;
			of.set(shard, its);
			return its === index && shard === group[0]?.shard;
		}),
	);
}

export function toldOf({ replicas }: ObservedCluster, local: LocalTables | undefined): Told | undefined {
	const placed = replicas.flatMap(({ name, shard, holds }) => (holds === undefined ? [] : [{ name, shard, holds }]));
	const all = replicas.map(({ name }) => name);
	return toldOtherwise(placed, all, local);
}
