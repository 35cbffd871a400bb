import type { ObservedCluster } from "../../core/cluster";
import { spelledOtherwise } from "../../core/release";
import { compareVersions, type DbVersion } from "../../core/version";
import { spelledOtherwiseText } from "../../words/resource";
import type { Complete } from "../args/complete";
import type { Properties } from "../args/inputs";
import { catalogueOf, latestKnown } from "../judge/catalogue";

/** What was seen of a cluster, as outputs. */
export function seen({ state, replicas }: ObservedCluster): Properties {
	return {
		state,
		replicaVersions: replicas.map(({ name, version }) => ({ name, ...(version !== undefined && { version }) })),
	};
}

/** Whether there is something newer, as outputs; what only other spellings of the tags have, as a line. */
export async function newer(valid: Complete, version: DbVersion | undefined): Promise<Properties> {
	const catalogue = await catalogueOf(valid, version);
	const latestVersion = latestKnown(catalogue, version);
	const spellings = catalogue.known ? spelledOtherwise(catalogue.value) : [];
	if (spellings.length > 0) console.log(spelledOtherwiseText(valid.place.name, spellings));
	const updateAvailable =
		latestVersion !== undefined && version !== undefined && compareVersions(latestVersion, version) > 0;
	return { latestVersion, updateAvailable };
}
