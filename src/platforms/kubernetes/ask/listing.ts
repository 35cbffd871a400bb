import type { Api } from "../api/api";
import type { StatefulSet } from "../api/types";
import { label } from "../render/names";
import type { Cluster } from "./cluster";
import { allRecords, type Stored } from "./record";

/** What a namespace has of all clusters. */
interface Listing {
	/** By the cluster's name. */
	readonly records: ReadonlyMap<string, Stored>;
	readonly sets: readonly StatefulSet[];
}

/** Up to so many clusters are cheaper to read one by one: a list brings all that the namespace has. */
const few = 3;

/** By server, kubeconfig and namespace: another user may see something else. */
const namespaces = new Map<string, { asked: number; at: number; listing?: Promise<Listing> }>();

/**
 * A cluster's record and StatefulSets as a list of the whole namespace has them, so that a preview of 1,000 clusters asks
 * twice and not 2,000 times. `undefined` if it must be read by itself: only a few were asked for, or the list lacks it.
 *
 * @param age Milliseconds that the list may be old.
 */
export async function fromListing(
	{ api, name, given: { kubeconfig, context, namespace } }: Cluster,
	age: number,
): Promise<[Stored, readonly StatefulSet[]] | undefined> {
	const key = JSON.stringify([api.connection.server, kubeconfig, context, namespace]);
	const its = namespaces.get(key) ?? { asked: 0, at: 0 };
	namespaces.set(key, its);
	its.asked++;
	if (its.asked <= few) return undefined;
	if (Date.now() - its.at >= age) {
		its.at = Date.now();
		its.listing = list(api);
	}
	// Reading the one cluster says better what is wrong.
	const listing = await its.listing?.catch(() => undefined);
	const stored = listing?.records.get(name);
	if (listing === undefined || stored === undefined) return undefined;
	return [stored, listing.sets.filter(({ metadata }) => metadata.labels?.[label.cluster] === name)];
}

async function list(api: Api): Promise<Listing> {
	const labels = label.cluster;
	const [records, sets] = await Promise.all([allRecords(api), api.list<StatefulSet>("statefulsets", { labels })]);
	return { records, sets };
}
