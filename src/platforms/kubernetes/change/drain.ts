import { ifKnown } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import type { Pod } from "../api/types";
import { type Cluster, inEndpoints } from "../ask/cluster";
import { isReady } from "../ask/diagnose";
import { queryCounts } from "../ask/server";
import { clientServiceName, label } from "../render/names";
import { untilQuiet } from "./quiet";
import { sleep, until } from "./wait";

/** Milliseconds that every claim still lasts when a step begins. */
const claimLasts = 10_000;

/**
 * Removes the pod from the client Service, and waits until no proxy sends it anything new.
 *
 * @param meanwhile Is done while it waits.
 * @returns the queries of clients that run at its end, if it could be asked and gets no new ones.
 */
export async function drain(
	cluster: Cluster,
	claim: Claim,
	replica: string,
	meanwhile: () => Promise<unknown> = async () => {},
): Promise<number | undefined> {
	cluster.place(replica);
	const [stored, pod] = await Promise.all([cluster.record.guard(claim), cluster.api.get<Pod>("pods", replica)]);
	const settings = cluster.settings(stored);
	if (pod === undefined) return undefined;
	await relabel(cluster, pod, null);
	await until(
		`the EndpointSlices still contain a drained pod (is ${label.clients} missing from the selector of ${cluster.services.join(", ")}?)`,
		async () => !inEndpoints(await cluster.slices(), pod),
	);
	// Also if an earlier call removed it: that one may have died within this time.
	if (!isReady(pod)) return undefined;
	let running: number | undefined;
	const quiet = untilQuiet({
		queries: async () => {
			const counts = await ifKnown(async () => queryCounts(await cluster.server(pod, settings)));
			running = counts?.running;
			return counts?.all;
		},
		awayAt: () => cluster.api.connection.awayAt(),
		// Renewed only if it would expire: after a killed process, the next one has to wait until it has.
		keep: (waited) => (waited < claimLasts ? cluster.record.guard(claim) : cluster.record.extend(claim, 30)),
		now: Date.now,
		sleep,
	});
	// Both to their ends: whoever is told of a failure must find nothing still at work.
	const [waited, prepared] = await Promise.allSettled([quiet, meanwhile()]);
	if (prepared.status === "rejected") throw prepared.reason;
	if (waited.status === "rejected") throw waited.reason;
	return waited.value ? running : undefined;
}

export async function undrain(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	await cluster.record.guard(claim);
	cluster.place(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod !== undefined && pod.metadata.deletionTimestamp === undefined)
		await relabel(cluster, pod, clientServiceName(cluster.name));
}

export async function relabel(cluster: Cluster, pod: Pod, value: string | null): Promise<void> {
	if ((pod.metadata.labels?.[label.clients] ?? null) !== value)
		await changePod(cluster, pod, { labels: { [label.clients]: value } });
}

/** Only this very pod: its successor gets the same from its template. */
export async function changePod(cluster: Cluster, pod: Pod, its: object): Promise<void> {
	const { name, uid } = pod.metadata;
	await cluster.api.merge("pods", name, { metadata: { uid, ...its } }).catch((error: Error) => {
		if (error.name !== "Conflict") throw error;
	});
}
