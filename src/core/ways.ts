import { floor, type ObservedCluster } from "./cluster";
import { type Release, releaseOf } from "./release";
import { compareVersions, type DbVersion, sameVersion } from "./version";

/** What to set instead of a refused version: each of these passes every rule about versions. */
export interface Instead {
	/** Empty if none passes. */
	readonly instead: readonly DbVersion[];
	/** They pass once the cluster is stopped; none does before. */
	readonly stopped?: true;
}

/** Which versions may be set next. Costly: each answer asks all rules about versions. */
export interface Ways {
	/** All of them, nearest first. */
	now(): readonly DbVersion[];
	/**
	 * The newest of them, newest first; a deprecated one only if there is no other. If none may be set now, those that
	 * may once the cluster is stopped.
	 *
	 * @param beyond Only later ones than this.
	 */
	newest(beyond?: DbVersion, most?: number): Instead;
	/** Those of the given versions that may be set once the cluster is stopped. */
	onceStopped(versions: readonly DbVersion[]): readonly DbVersion[];
	/** Whether the versions may be set one after the other: each passes once every replica is at the one before. */
	inTurn(versions: readonly DbVersion[]): boolean;
}

/**
 * Which versions may be set next: those of the catalogue, the cluster and its unfinished update that pass every rule
 * about versions. Refusals take their suggestions from here, so that no rule suggests what another refuses.
 *
 * @param passes Whether every rule about versions allows a version, for a cluster like this.
 */
export function waysFrom(
	{ cluster, catalogue = [] }: { readonly cluster?: ObservedCluster; readonly catalogue?: readonly Release[] },
	passes: (version: DbVersion, cluster: ObservedCluster | undefined) => boolean,
): Ways {
	const candidates = () =>
		[cluster && floor(cluster), cluster?.mark?.to, ...catalogue.map(({ version }) => version)]
			.filter((version) => version !== undefined)
			.sort(compareVersions)
			.filter((version, index, sorted) => !sameVersion(version, sorted[index - 1]));
	let passing: readonly DbVersion[] | undefined;
	const now = () => {
		passing ??= candidates().filter((version) => passes(version, cluster));
		return passing;
	};
	const onceStopped = (versions: readonly DbVersion[]) => {
		if (cluster === undefined || cluster.state === "Stopped") return [];
		// An unfinished update has to be resumed before the cluster can be stopped.
		if (cluster.mark !== undefined && !passes(cluster.mark.to, cluster)) return [];
		const stopped = { ...cluster, state: "Stopped" as const };
		return versions.filter((version) => passes(version, stopped));
	};
	const newestOf = (versions: readonly DbVersion[], beyond: DbVersion | undefined, most: number) => {
		const later = versions.filter((version) => beyond === undefined || compareVersions(version, beyond) > 0);
		const current = later.filter((version) => releaseOf(version, catalogue)?.deprecated === undefined);
		return [...(current.length > 0 ? current : later)].reverse().slice(0, most);
	};
	return {
		now,
		newest(beyond, most = 1) {
			const instead = newestOf(now(), beyond, most);
			if (instead.length > 0) return { instead };
			const then = newestOf(onceStopped(candidates()), beyond, most);
			return then.length > 0 ? { instead: then, stopped: true } : { instead: then };
		},
		onceStopped,
		inTurn: (versions) =>
			versions.every((version, index) => {
				const at = versions[index - 1];
				return passes(version, at === undefined ? cluster : cluster && updated(cluster, at));
			}),
	};
}

/** A cluster after an update. */
function updated({ mark: _, ...cluster }: ObservedCluster, version: DbVersion): ObservedCluster {
	const replicas = cluster.replicas.map((replica) => ({ ...replica, version, openedBy: version, serving: true }));
	return { ...cluster, state: "Started", replicas };
}
