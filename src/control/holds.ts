import type { ObservedCluster } from "../core/cluster";
import type { ClusterControl } from "./port";

/** Adds what each serving replica holds, by one query per replica, and which other clusters hold copies of it. */
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
