import type { ObservedCluster } from "../../core/cluster";
import { compareVersions, type DbVersion } from "../../core/version";
import type { Properties } from "../args/inputs";
import type { Valid } from "../args/parse";
import { catalogueOf, latestKnown } from "../judge/catalogue";

/** What was seen of a cluster, as outputs. */
export function seen({ state, replicas }: ObservedCluster): Properties {
	return {
		state,
		replicaVersions: replicas.map(({ name, version }) => ({ name, ...(version !== undefined && { version }) })),
	};
}

/** Whether there is something newer, as outputs. */
export async function newer(valid: Valid, version: DbVersion | undefined): Promise<Properties> {
	const latestVersion = latestKnown(await catalogueOf(valid));
	const updateAvailable =
		latestVersion !== undefined && version !== undefined && compareVersions(latestVersion, version) > 0;
	return { latestVersion, updateAvailable };
}
