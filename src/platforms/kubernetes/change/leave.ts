import { ControlError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import { withHeld } from "../../../control/record";
import type { Kind } from "../api/shapes";
import type { Pod, StatefulSet } from "../api/types";
import { heldAlone } from "../ask/alone";
import { type Cluster, names, podOf } from "../ask/cluster";
import { dropReplicated } from "../ask/copy-tables";
import { flush, unsendable } from "../ask/flush";
import { health } from "../ask/health";
import { serverStatus, settle } from "../ask/opened";
import type { Stored } from "../ask/record";
import type { Server } from "../ask/server";
import { desiredReplicas } from "../ask/size";
import { annotation, clusterSelector, label, shardName } from "../render/names";
import { claimsOf, markLeft, rememberOpened, volumeClaims } from "./volumes";
import { until } from "./wait";

/**
 * Removes a drained replica permanently: what it buffers for others is written and sent, then it leaves replication, so
 * that no other waits for it, then its pod is deleted. Its volume stays.
 *
 * @throws ControlError, with nothing changed, if it holds something that no other replica of its shard holds.
 */
export async function leave(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const { shard, ordinal } = cluster.place(replica);
	const isMember = names(cluster, stored).includes(replica);
	const server = await leaverOf(cluster, stored, replica, await cluster.pods());
	if (server !== undefined) {
		const kept = await flush(server, stored.shards ?? 1);
		if (kept.length > 0) throw cantGo(cluster, stored, replica, kept);
		await lossOf(cluster, stored, replica, [replica], fetching);
	}
	const pods = await cluster.pods();
	const size = Math.min(ordinal, stored.replicas ?? 1);
	// Before the record: if its pod is recreated from now on, no client reaches it.
	const template = { metadata: { annotations: { [annotation.size]: String(size) } } };
	await patchSet(cluster, shard, ordinal, { template });
	// From here on it is no longer part of the cluster: a replica whose removal has begun must never serve again as it
	// is.
	const settled = await cluster.record.under(claim, (now) => ({
		...settle(now, pods, cluster.settings(now).image),
		held: withHeld(now.held, replica, undefined),
		...(isMember && { replicas: Math.min(now.replicas ?? 1, ordinal) }),
	}));
	if (server !== undefined) await dropReplicated(server);
	const claims = claimsOf(await volumeClaims(cluster), [replica]);
	await rememberOpened(cluster, settled, claims, pods);
	if (server !== undefined) await markLeft(cluster, claims, true);
	await cluster.record.guard(claim);
	await patchSet(cluster, shard, ordinal, { replicas: ordinal });
	const seconds = cluster.settings(stored).gracePeriodSeconds + 60;
	await until("the pod of a removed replica still exists", async () => !(await isThere(cluster, replica)), seconds);
	await remove(cluster, "services", replica);
	if (ordinal > 0) return;
	// A shard that was created and never joined leaves nothing.
	await remove(cluster, "statefulsets", shardName(cluster, shard));
	await remove(cluster, "poddisruptionbudgets", shardName(cluster, shard));
}

/** Deletes an object, unless it is another's of the same name. */
async function remove({ api, name: its }: Cluster, kind: Kind, name: string): Promise<void> {
	const found = await api.list<Pod>(kind, { labels: clusterSelector(its), fields: `metadata.name=${name}` });
	for (const { metadata } of found) await api.delete(kind, name, metadata.uid);
}

/** Patches a shard's StatefulSet, while it asks for a replica. */
function patchSet(cluster: Cluster, shard: number, ordinal: number, spec: object) {
	return cluster.api.edit<StatefulSet>("statefulsets", shardName(cluster, shard), (set) =>
		desiredReplicas(set) > ordinal ? { spec } : undefined,
	);
}

const isThere = async (cluster: Cluster, replica: string) =>
	(await cluster.api.get<Pod>("pods", replica)) !== undefined;

/** Milliseconds for the remaining replicas to fetch what was just written. */
const fetching = 30_000;

function wayBack(cluster: Cluster, stored: Stored, replica: string): string {
	const { shard, ordinal } = cluster.place(replica);
	if (names(cluster, stored).includes(replica)) return `Set replicas back to ${stored.replicas}`;
	return shard < (stored.shards ?? 1)
		? `Set replicas to ${ordinal + 1} to keep it`
		: `Set shards to ${shard + 1} to keep it`;
}

function cantGo(cluster: Cluster, stored: Stored, replica: string, reasons: readonly string[]): ControlError {
	const left = reasons.length - most;
	const more = left > 0 ? [`and ${left} more ${left === 1 ? "reason" : "reasons"}`] : [];
	const why = [...reasons.slice(0, most), ...more].join("; ");
	const until = names(cluster, stored).includes(replica) ? " until then" : "";
	return new ControlError(
		`${replica} can't be removed: ${why}. Move, flush or drop that data first. ${wayBack(cluster, stored, replica)}${until}.`,
	);
}

/** How many reasons a message names. */
const most = 5;

/**
 * @throws ControlError that says why it can't be queried.
 */
async function serverOf(cluster: Cluster, stored: Stored, replica: string, pods: readonly Pod[]): Promise<Server> {
	try {
		const pod = podOf(pods, replica);
		if (pod === undefined) throw new ControlError("it has no running pod");
		const server = await cluster.server(pod, cluster.settings(stored));
		await server.rows("SELECT 1");
		return server;
	} catch (error) {
		if (!(error instanceof ControlError)) throw error;
		throw new ControlError(
			`a replica is removed only if no data is lost, and ${replica} can't be queried for its tables: ${error.message}. ${wayBack(cluster, stored, replica)}, or make sure that ${replica} can be queried.`,
		);
	}
}

/**
 * The server of a replica that is to be removed, be it the cluster's or added outside Pulumi; `undefined` if it served
 * no client and does not run, or was to join and does not answer: what is on its volume stays as it is.
 */
async function leaverOf(cluster: Cluster, stored: Stored, replica: string, pods: readonly Pod[]) {
	try {
		return await serverOf(cluster, stored, replica, pods);
	} catch (error) {
		if (!(error instanceof ControlError) || names(cluster, stored).includes(replica)) throw error;
		const pod = podOf(pods, replica);
		const runs = pod !== undefined && serverStatus(pod)?.state?.running !== undefined;
		const joins = pod?.metadata.labels?.[label.clients] === undefined;
		if (runs && !joins && cluster.place(replica).shard < (stored.shards ?? 1)) throw error;
		return undefined;
	}
}

/**
 * Makes sure that nothing is lost with a replica, whether it is part of the cluster or never joined. Asks only.
 *
 * @param leaves All that are to be removed: they are no place to keep rows.
 * @param patience Milliseconds for the remaining replicas to fetch what it has written.
 * @throws ControlError that says what would be lost, or why that is unknown.
 */
export async function lossOf(
	cluster: Cluster,
	stored: Stored,
	replica: string,
	leaves: readonly string[],
	patience?: number,
): Promise<void> {
	const { shard, ordinal } = cluster.place(replica);
	const isNew = shard >= (stored.shards ?? 1);
	const stay = names(cluster, stored).filter((name) => {
		const place = cluster.place(name);
		return place.shard === shard && place.ordinal < ordinal && !leaves.includes(name);
	});
	const pods = await cluster.pods();
	const its = await leaverOf(cluster, stored, replica, pods);
	if (its === undefined) return;
	const others = await Promise.all(
		stay.map(async (name) => {
			const server = await serverOf(cluster, stored, name, pods);
			return { name, server, health: await health(server, patience) };
		}),
	);
	const fit = others.filter(({ health }) => health.caughtUp);
	const those = fit.length > 0 ? fit : others;
	const lost = [
		...(await unsendable(its, stored.shards ?? 1)),
		...(await heldAlone(its, isNew ? undefined : those.map(({ server }) => server))),
	];
	if (lost.length > 0) throw cantGo(cluster, stored, replica, lost);
	if (fit.length === 0 && !isNew)
		throw new ControlError(
			`${replica} can't be removed: no remaining replica is known to hold everything that ${replica} holds (remaining: ${others.map(({ name }) => name).join(", ") || "none"}). ${wayBack(cluster, stored, replica)}, or try again once a remaining replica has caught up.`,
		);
}
