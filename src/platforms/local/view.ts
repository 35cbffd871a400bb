import type { ReplicaView } from "../../control/port";
import { asRecord, type ClusterRecord } from "../../control/record";
import type { Failure, ObservedCluster } from "../../core/cluster";
import type { State } from "../../core/state";
import type { DbVersion } from "../../core/version";
import { claimOfLiving } from "./claims";
import type { RoutedReplica, RouterStatus } from "./fleet";
import { type LocalCluster, type RecordFile, replicaFolders } from "./record";

export interface ClusterSight {
	readonly record: RecordFile;
	readonly cluster: LocalCluster;
	readonly openedBy: Readonly<Record<string, DbVersion>>;
	/** `undefined`: no router answers. */
	readonly router: RouterStatus | undefined;
	/** The replicas whose processes run. */
	readonly alive: ReadonlySet<string>;
}

/** The name of a replica to people: `analytics-0-1`. */
export const replicaName = (cluster: Pick<LocalCluster, "name">, folder: string) => `${cluster.name}-${folder}`;

export function positionOf(folder: string) {
	const [shard = 0, ordinal = 0] = folder.split("-").map(Number);
	return { shard, ordinal };
}

export function viewCluster(sight: ClusterSight): ObservedCluster {
	const { cluster } = sight;
	const views = replicaFolders(cluster.replicas).map((folder) => viewReplica(sight, folder));
	return {
		name: cluster.name,
		state: stateOf(sight, views),
		replicas: views.map(({ replica }) => replica),
		...(cluster.mark && { mark: cluster.mark }),
	};
}

export function viewReplica({ cluster, openedBy, router, alive }: ClusterSight, folder: string): ReplicaView {
	const routed = router?.replicas[folder];
	const serving = routed?.routed === true && router?.trouble === undefined;
	const orphaned = router === undefined && alive.has(folder) ? noRouter : undefined;
	const trouble = serving ? undefined : (routed?.trouble ?? router?.trouble ?? orphaned);
	const failure = failureOf(routed, router);
	return {
		replica: {
			name: replicaName(cluster, folder),
			...positionOf(folder),
			version: routed?.status?.version ?? cluster.wanted[folder]?.version,
			openedBy: openedBy[folder],
			serving,
			// A replica counts as serving only once it holds what the cluster holds.
			readOnly: routed?.status?.serving ? false : undefined,
			caughtUp: routed?.status?.serving ? true : undefined,
			...(trouble !== undefined &&
				cluster.desired === "Started" && { trouble, ...(failure && { cause: failure.cause }) }),
		},
		queries: routed?.active ?? (alive.has(folder) ? undefined : 0),
		phase: routed?.phase ?? (alive.has(folder) ? "waiting for the router" : "stopped"),
		...(failure !== undefined && { failure }),
	};
}

const noRouter = "the cluster's router is not running; it is being restarted";

/** Of one that serves, and yet is reached by nobody, the router has no port. */
function failureOf(routed: RoutedReplica | undefined, router: RouterStatus | undefined): Failure | undefined {
	if (routed?.stuck && routed.trouble !== undefined) return { cause: routed.stuck, words: routed.trouble };
	return routed?.status?.serving && router?.trouble ? { cause: "port", words: router.trouble } : undefined;
}

function stateOf({ record, cluster, router, alive }: ClusterSight, views: readonly ReplicaView[]): State {
	if (cluster.desired === "Stopped") return router === undefined && alive.size === 0 ? "Stopped" : "Stopping";
	// Nothing runs, so nothing would wake it or bring it back: the machine was restarted, or everything was killed.
	if (router === undefined && alive.size === 0) return "Stopped";
	if (cluster.desired === "Idle") return alive.size === 0 ? "Idle" : "Stopping";
	if (views.some(({ failure }) => failure !== undefined)) return "Degraded";
	const all = views.every(({ replica }) => replica.serving);
	if (cluster.mark !== undefined && !cluster.mark.creates)
		return all || claimOfLiving(record, Date.now()) !== undefined ? "Updating" : "Degraded";
	if (all) return "Started";
	return router === undefined || router.up ? "Degraded" : "Starting";
}

/** The record as every platform has it. */
export function toClusterRecord(
	cluster: LocalCluster,
	claim: RecordFile["claim"],
	openedBy: ClusterSight["openedBy"],
): ClusterRecord {
	const byName = Object.entries(openedBy).map(([folder, version]) => [replicaName(cluster, folder), version]);
	return asRecord({ ...cluster, claim, openedBy: Object.fromEntries(byName) });
}
