import { isDeepStrictEqual } from "node:util";
import { liveClaim } from "../../../control/claims";
import { ControlError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import type { Rival, UpdateMark } from "../../../core/cluster";
import { goesFirst } from "../../../core/rules/shared-tables";
import type { StatefulSet } from "../api/types";
import { clusterSelector } from "../render/names";
import { kept } from "../render/shape";
import { type Cluster, names } from "./cluster";
import { ask } from "./holds";
import { allRecords } from "./record";
import { type Copy, copiesUnder } from "./registered";

type Other = Omit<Rival, "path" | "replica"> & { readonly pods: readonly string[] };

/** Other clusters in the namespace with copies of the same tables whose update is not finished. */
export async function rivals(cluster: Cluster): Promise<Rival[]> {
	const others = await underWay(cluster);
	const found = new Map<string, Rival>();
	const asked = new Set<string>();
	for (const pod of others.length === 0 ? [] : await cluster.pods()) {
		const inventory = await ask(cluster, pod);
		const own = inventory?.topology.replicaNames ?? {};
		const paths = Object.keys(own).filter((path) => !asked.has(path));
		for (const path of paths) asked.add(path);
		const server = await cluster.server(pod, kept(cluster.given));
		for (const copy of await copiesUnder(server, paths, Object.values(own)))
			for (const { pods, ...other } of others.filter((it) => holdsIt(it, copy)))
				found.set(other.cluster, { ...other, path: copy.path, replica: copy.replica });
	}
	return [...found.values()];
}

/** A replica registers its address in Keeper: its pod's or its Service's. */
const holdsIt = ({ pods }: Other, { replica, host }: Copy) =>
	pods.includes(replica) || (host !== undefined && pods.includes(host));

async function underWay({ api, name: itself }: Cluster): Promise<Other[]> {
	const others: Other[] = [];
	for (const [cluster, stored] of await allRecords(api)) {
		const { mark, settings } = stored;
		if (cluster === itself || mark === undefined) continue;
		// The remains of a cluster that was removed by hand restart nothing.
		const sets = await api.list<StatefulSet>("statefulsets", { labels: clusterSelector(cluster) });
		if (sets.length === 0) continue;
		const active = liveClaim(stored, api.connection.now()) !== undefined;
		const pods = names({ name: cluster, statefulSets: settings?.existing?.statefulSets }, stored);
		others.push({ cluster, mark, active, pods });
	}
	return others;
}

/** Of two updates that began together, the first by name waits so many milliseconds for the other. */
const patience = 10_000;

/**
 * Makes sure, right after writing our mark, that no other cluster with copies of the same tables is being updated. Of
 * two that begin together each writes before it looks, so at least one sees the other. The one that steps back restores
 * the mark that was there before.
 *
 * @param mark The mark that was written.
 * @param found The mark that was there before.
 */
export async function aloneOrBack(cluster: Cluster, claim: Claim, mark: UpdateMark, found?: UpdateMark): Promise<void> {
	// A repeated call finds its own mark.
	const before = isDeepStrictEqual(found, mark) ? undefined : found;
	const deadline = Date.now() + patience;
	try {
		for (;;) {
			const others = (await rivals(cluster)).filter((rival) => !goesFirst({ name: cluster.name, mark: before }, rival));
			const [first] = others;
			if (first === undefined) return;
			const mayWait = others.every((other) => cluster.name < other.cluster) && Date.now() < deadline;
			if (!mayWait)
				throw new ControlError(
					`the cluster '${first.cluster}' is being updated, and it holds copies of the same tables (${first.replica}, under ${first.path} in Keeper): two updates together might stop the last copies. Nothing was touched. Run pulumi up again once that update is done.`,
				);
			await cluster.record.guard(claim);
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	} catch (error) {
		await cluster.record.under(claim, (stored) => ({ ...stored, mark: before }));
		throw error;
	}
}
