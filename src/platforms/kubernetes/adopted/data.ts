import type { Pod } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { dataPlaces, volatile } from "../ask/data-volumes";
import { databasesHere, type Inventory } from "../ask/inventory";
import { QueryError, type Server } from "../ask/server";
import type { Existing } from "../render/settings-schema";
import { asTakenOver } from "./template";

/** An existing server that answered everything that a rollout will ask. */
export interface AskedServer {
	readonly pod: Pod;
	readonly server: Pick<Server, "rows">;
	readonly inventory: Inventory;
}

/** Why some of these servers must not be restarted: their data would be lost with their pods. */
export async function dataProblems(existing: Existing, asked: readonly AskedServer[]): Promise<string[]> {
	const pods = new Map<string, string[]>();
	for (const { pod, server, inventory } of asked) {
		const places = dataPlaces(asTakenOver(pod, existing), [...inventory.paths, ...(await diskPaths(server))]);
		const why = places.length === 0 ? silent : volatile(places);
		if (why !== undefined) pods.set(why, [...(pods.get(why) ?? []), pod.metadata.name]);
	}
	return [...pods].map(([why, names]) =>
		why === silent
			? `${names.join(", ")} can't be queried for where the data is, so the data may be lost with the pod. Grant the user of kubernetes.user SELECT on system.databases and system.parts.`
			: `${names.join(", ")} would lose data: ${why}, and an update replaces every pod. Copy the tables to a cluster with its data on volume claims, such as a new DbCluster without kubernetes.existing, and use the new cluster instead.`,
	);
}

const silent = "silent";

const disks = "SELECT path FROM system.disks";

/** Without disks that only temporary data of queries may use, and no table does. */
const dataDisks = `${disks} WHERE name = 'default' OR name NOT IN (
SELECT arrayJoin(disks) FROM system.storage_policies WHERE policy_name IN (SELECT value FROM system.server_settings WHERE name = 'tmp_policy')
) OR arrayExists(folder -> startsWith(folder, path), (SELECT groupUniqArrayArray(data_paths) FROM system.tables WHERE database IN (${databasesHere})))`;

/**
 * Including disks that are still empty. Servers before 23.1 do not say what temporary data uses; those before 19.15 have
 * only the one of their data.
 */
async function diskPaths(server: Pick<Server, "rows">): Promise<string[]> {
	for (const query of [dataDisks, disks])
		try {
			return (await server.rows(query)).map(({ path }) => String(path));
		} catch (error) {
			if (!(error instanceof QueryError)) throw error;
		}
	return [];
}

/** The next pod may have other volumes than the running one, if the template was changed since. */
export async function volatileNext(
	cluster: Cluster,
	replica: string,
	paths: readonly string[],
): Promise<string | undefined> {
	const set = await cluster.set(cluster.place(replica).shard);
	return set && volatile(dataPlaces(set.spec.template, paths, set.spec.volumeClaimTemplates));
}
