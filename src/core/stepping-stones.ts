import { floor, type ObservedCluster, standsAt } from "./cluster";
import { engineIn, mayRunSideBySide } from "./engine";
import { allowed, type Release, releaseOf } from "./release";
import { compareVersions, type DbVersion, highest } from "./version";

/** Why a cluster can't be updated to a version while it serves: the servers of both must not work together. */
export interface Gap {
	/** The one with the lowest version of those that must not. */
	readonly replica: string;
	readonly running: DbVersion;
	readonly runningEngine: string;
	readonly targetEngine: string;
}

/** What tells the engine of a version. */
export interface Releases {
	readonly catalogue?: readonly Release[];
	/** What is known of versions besides. Where the catalogue can't be read, this still counts. */
	readonly known?: readonly Release[];
}

/**
 * What lies between a cluster and a version; `undefined` where nothing does. A lone server never meets the other version,
 * and neither do servers that are stopped.
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
 * The fewest releases that lead over the gap from what runs to a version, each able to work beside the one before; none
 * where there is no gap, or none leads there. None lies below what the cluster has reached or what an unfinished update
 * goes to, and none is blocked: those are refused.
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
	// The first has to work beside every replica of the cluster, each later one only beside the one before.
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
