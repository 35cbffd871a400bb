import type { ObservedCluster } from "../core/cluster";
import type { ClusterControl } from "./port";

/** A cluster with what each replica that serves holds: one question a replica. */
export async function withHolds(
	control: Pick<ClusterControl, "holds">,
	cluster: ObservedCluster,
): Promise<ObservedCluster> {
	const replicas = await Promise.all(
		cluster.replicas.map(async (replica) => {
			const holds = replica.serving ? await control.holds(replica.name) : undefined;
			return holds === undefined ? replica : { ...replica, holds };
		}),
	);
	return { ...cluster, replicas, asked: true };
}
