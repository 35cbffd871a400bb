import { floor, type ObservedCluster, standsAt } from "./cluster";
import { engineIn, mayRunSideBySide } from "./engine";
import { allowed, type Release, releaseOf } from "./release";
import { compareVersions, type DbVersion, highest } from "./version";

/** Why a cluster can't be updated to a version while it serves: servers of both must not run together. */
export interface Gap {
	/** The one with the lowest version that is incompatible. */
	readonly replica: string;
	readonly running: DbVersion;
	readonly runningEngine: string;
	readonly targetEngine: string;
}

/** Where the engine of a version is looked up. */
export interface Releases {
	readonly catalogue?: readonly Release[];
	/** Built-in knowledge, which counts even if the catalogue can't be read. */
	readonly known?: readonly Release[];
}

/**
 * The gap between a cluster and a version; `undefined` if there is none. A single server never meets the other version,
 * nor do stopped ones.
 */
export function gapTo(cluster: ObservedCluster, target: DbVersion, releases: Releases): Gap | undefined {
	if (cluster.replicas.length < 2 || cluster.state === "Stopped") return undefined;
	const targetEngine = engineOf(target, releases);
	const [worst] = cluster.replicas
		.flatMap((replica) => {
			const running = standsAt(replica);
			const runningEngine = running && engineOf(running, releases);
			if (running === undefined || runningEngine === undefined || compareVersions(running, target) >= 0) return [];
			return mayRunSideBySide(runningEngine, targetEngine) ? [] : [{ replica: replica.name, running, runningEngine }];
		})
		.sort((a, b) => compareVersions(a.running, b.running));
	return worst === undefined || targetEngine === undefined ? undefined : { ...worst, targetEngine };
}

/**
 * The fewest releases that bridge the gap from what runs to a version, each compatible with the one before; empty if
 * there is no gap or no way. None is below what the cluster has reached or an unfinished update's target, and none is
 * blocked: those would be refused.
 */
export function steppingStones(cluster: ObservedCluster, target: DbVersion, releases: Releases): DbVersion[] {
	const gap = gapTo(cluster, target, releases);
	if (gap === undefined) return [];
	const { running, targetEngine } = gap;
	const reached = highest([running, floor(cluster) ?? running, cluster.mark?.to ?? running]) ?? running;
	const between = allowed(releases.catalogue ?? [])
		.map((version) => ({ version, engine: engineOf(version, releases) }))
		.filter(({ version, engine }) => {
			return engine !== undefined && compareVersions(version, reached) >= 0 && compareVersions(version, target) < 0;
		})
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

function engineOf(version: DbVersion, { catalogue = [], known = [] }: Releases): string | undefined {
	return releaseOf(version, catalogue)?.engine ?? releaseOf(version, known)?.engine ?? engineIn(version);
}
