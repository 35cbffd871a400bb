import { floor, type ObservedCluster, standsAt } from "./cluster";
import { isOlder, mayRunSideBySide } from "./engine";
import { allowed, type EngineOf, engineOf, type Releases } from "./release";
import { compareVersions, type DbVersion, highest } from "./version";

/** Why a cluster can't be updated to a version while it serves: servers of both must not run together. */
export interface Gap {
	/** The one with the lowest version that is incompatible. */
	readonly replica: string;
	readonly running: DbVersion;
	readonly runningEngine: string;
	readonly targetEngine: string;
	/** The listed version whose engine is taken for that of `running`, which is not listed itself. */
	readonly runningLike?: DbVersion;
	/** The same for the target. */
	readonly targetLike?: DbVersion;
}

/**
 * The gap between a cluster and a version; `undefined` if there is none. A single server never meets the other version,
 * nor do stopped ones. A version whose engine is not listed is taken to have that of the nearest lower one.
 */
export function gapTo(cluster: ObservedCluster, target: DbVersion, releases: Releases): Gap | undefined {
	const [worst] = meetings(cluster, target, releases).filter(({ is, gets }) => {
		// An engine is at least what is taken for it, so an older one says nothing: versions only move forward.
		return !mayRunSideBySide(is.engine, gets.engine) && !(gets.like !== undefined && isOlder(gets.engine, is.engine));
	});
	if (worst === undefined) return undefined;
	const { replica, running, is, gets } = worst;
	const { engine: runningEngine, like: runningLike } = is;
	const { engine: targetEngine, like: targetLike } = gets;
	if (runningEngine === undefined || targetEngine === undefined) return undefined;
	return { replica, running, runningEngine, targetEngine, runningLike, targetLike };
}

/** A version whose engine is not listed, with what is known of it. */
export interface Unlisted extends Pick<EngineOf, "engine" | "like"> {
	readonly version: DbVersion;
}

/**
 * The version because of which it is unknown whether there is a gap; `undefined` if there is certainly none, whatever the
 * engines are that are not listed.
 */
export function unlistedFor(cluster: ObservedCluster, target: DbVersion, releases: Releases): Unlisted | undefined {
	const [open] = meetings(cluster, target, releases).filter(({ is, gets }) => {
		return is.engine === undefined || gets.most === undefined || !mayRunSideBySide(is.engine, gets.most);
	});
	if (open === undefined) return undefined;
	const { running, is, gets } = open;
	const isListed = gets.engine !== undefined && gets.like === undefined;
	const { engine, like } = isListed ? is : gets;
	return { version: isListed ? running : target, engine, like };
}

interface Meeting {
	readonly replica: string;
	readonly running: DbVersion;
	readonly is: EngineOf;
	readonly gets: EngineOf;
}

/** The replicas of lower versions, whose servers run together with those of the target: the lowest first. */
function meetings(cluster: ObservedCluster, target: DbVersion, releases: Releases): Meeting[] {
	if (cluster.replicas.length < 2 || cluster.state === "Stopped") return [];
	const gets = engineOf(target, releases);
	return cluster.replicas
		.flatMap((replica) => {
			const running = standsAt(replica);
			if (running === undefined || compareVersions(running, target) >= 0) return [];
			return [{ replica: replica.name, running, is: engineOf(running, releases), gets }];
		})
		.sort((a, b) => compareVersions(a.running, b.running));
}

/**
 * The fewest releases that bridge the gap from what runs to a version, each compatible with the one before; empty if
 * there is no gap or no way. None is below what the cluster has reached or an unfinished update's target, and none is
 * blocked: those would be refused. The engine of each is listed.
 */
export function steppingStones(cluster: ObservedCluster, target: DbVersion, releases: Releases): readonly DbVersion[] {
	const last = lastStones.get(cluster);
	const { catalogue, known } = releases;
	if (last?.target === target && last.catalogue === catalogue && last.known === known) return last.stones;
	const stones = findStones(cluster, target, releases);
	lastStones.set(cluster, { target, catalogue, known, stones });
	return stones;
}

/** Each version of a catalogue of thousands is held against the same way. */
const lastStones = new WeakMap<
	ObservedCluster,
	{
		readonly target: DbVersion;
		readonly catalogue: Releases["catalogue"];
		readonly known: Releases["known"];
		readonly stones: readonly DbVersion[];
	}
>();

function findStones(cluster: ObservedCluster, target: DbVersion, releases: Releases): DbVersion[] {
	const gap = gapTo(cluster, target, releases);
	if (gap === undefined) return [];
	const { running, targetEngine } = gap;
	const reached = highest([running, floor(cluster) ?? running, cluster.mark?.to ?? running]) ?? running;
	const between = allowed(releases.catalogue ?? [])
		.filter((version) => compareVersions(version, reached) >= 0 && compareVersions(version, target) < 0)
		.map((version) => ({ version, ...engineOf(version, releases) }))
		.filter(({ engine, like }) => engine !== undefined && like === undefined)
		.sort((a, b) => compareVersions(b.version, a.version));
	// The first must be compatible with every replica, each later one only with the one before.
	let at = between.find(({ version }) => {
		return compareVersions(version, running) > 0 && gapTo(cluster, version, releases) === undefined;
	});
	const stones: DbVersion[] = [];
	while (at !== undefined) {
		const { version, engine } = at;
		stones.push(version);
		if (mayRunSideBySide(engine, targetEngine)) return stones;
		at = between.find((it) => compareVersions(it.version, version) > 0 && mayRunSideBySide(engine, it.engine));
	}
	return [];
}
