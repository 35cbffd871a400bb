import { ControlError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import type { Pod } from "../api/types";
import { type Cluster, inEndpoints } from "../ask/cluster";
import { isReady } from "../ask/diagnose";
import { allQueries } from "../ask/server";
import { clientServiceName, label } from "../render/names";
import type { KeptSettings } from "../render/shape";
import { untilQuiet } from "./quiet";
import { sleep, until } from "./wait";

/** Milliseconds that every claim has left when a step begins. */
const claimLasts = 10_000;

/** Takes the pod out of the client Service, and waits until no proxy sends it anything new. */
export async function drain(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	const settings = cluster.settings(await cluster.record.guard(claim));
	cluster.place(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod === undefined) return;
	await relabel(cluster, pod, null);
	await until(
		`the EndpointSlices keep a drained pod, as if ${label.clients} were gone from the selector of ${cluster.services.join(", ")}`,
		async () => !inEndpoints(await cluster.slices(), pod),
	);
	// Also when an earlier call took it out: that one may have died within the moment.
	if (!isReady(pod)) return;
	await untilQuiet({
		queries: () => queriesEver(cluster, pod, settings),
		awayAt: () => cluster.api.connection.awayAt(),
		// Extended only where it would run out meanwhile: whoever comes after one that was killed waits until it has.
		keep: (waited) => (waited < claimLasts ? cluster.record.guard(claim) : cluster.record.extend(claim, 30)),
		now: Date.now,
		sleep,
	});
}

async function queriesEver(cluster: Cluster, pod: Pod, settings: KeptSettings): Promise<number | undefined> {
	try {
		return await allQueries(await cluster.server(pod, settings));
	} catch (error) {
		if (error instanceof ControlError) return undefined;
		throw error;
	}
}

export async function undrain(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	await cluster.record.guard(claim);
	cluster.place(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	if (pod !== undefined && pod.metadata.deletionTimestamp === undefined)
		await relabel(cluster, pod, clientServiceName(cluster.name));
}

/** Only this very pod: its successor has the label from its template. */
export async function relabel(cluster: Cluster, pod: Pod, value: string | null): Promise<void> {
	if ((pod.metadata.labels?.[label.clients] ?? null) === value) return;
	const patch = { metadata: { uid: pod.metadata.uid, labels: { [label.clients]: value } } };
	await cluster.api.merge("pods", pod.metadata.name, patch).catch((error: Error) => {
		if (error.name !== "Conflict") throw error;
	});
}
