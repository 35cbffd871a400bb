import { ifKnown } from "../../../control/errors";
import type { Failure } from "../../../core/cluster";
import type { Pod } from "../api/types";
import { label } from "../render/names";
import { replicatedTables } from "../render/pod";
import type { KeptSettings } from "../render/shape";
import type { Cluster } from "./cluster";
import { isReady } from "./diagnose";

/**
 * Why a replica that answers never becomes ready: it has none of the tables that its peers replicate, most likely
 * because it lost its volume. Its startup probe tells Kubernetes the same. Asked only about one that is not ready, so
 * rarely.
 */
export async function emptied(
	cluster: Cluster,
	settings: KeptSettings,
	pod: Pod | undefined,
	pods: () => Promise<readonly Pod[]>,
): Promise<Failure | undefined> {
	if (pod === undefined || isReady(pod) || (await tablesOf(cluster, settings, pod)) !== 0) return undefined;
	const shard = pod.metadata.labels?.[label.shard];
	const peers = (await pods()).filter((each) => each.metadata.labels?.[label.shard] === shard && isReady(each));
	for (const peer of peers)
		if (await tablesOf(cluster, settings, peer))
			return {
				cause: "emptied",
				words: `it holds none of the tables that ${peer.metadata.name} replicates, so it is kept out of the Service`,
			};
	return undefined;
}

/** How many replicated tables it has; `undefined` if it can't be asked. */
async function tablesOf(cluster: Cluster, settings: KeptSettings, pod: Pod): Promise<number | undefined> {
	const rows = await ifKnown(() => cluster.ask(pod, settings, (server) => server.rows(replicatedTables)));
	return rows && Number(rows[0]?.tables);
}
