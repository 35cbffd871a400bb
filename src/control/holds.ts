import type { ObservedCluster } from "../core/cluster";
import type { ClusterControl } from "./port";

/** A cluster with what each replica that serves holds, by one question a replica, and who else holds copies of that. */
export async function withHolds(
	control: Pick<ClusterControl, "holds" | "rivals">,
	cluster: ObservedCluster,
): Promise<ObservedCluster> {
	const [rivals = [], ...replicas] = await Promise.all([
		control.rivals?.(),
		...cluster.replicas.map(async (replica) => {
			const holds = replica.serving ? await control.holds(replica.name) : undefined;
			return holds === undefined ? replica : { ...replica, holds };
		}),
	]);
	return { ...cluster, replicas, asked: true, ...(rivals.length > 0 && { rivals }) };
}
