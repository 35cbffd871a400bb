import { ControlError } from "../../control/errors";
import type { Claim } from "../../control/port";
import { untilNoConflict } from "./api";
import { type Cluster, names } from "./cluster";
import { isReady } from "./diagnose";
import { parseReplica, shardName } from "./names";
import { settle } from "./opened";
import type { Stored } from "./record";
import { health } from "./server";
import { podOf, until } from "./steps";
import { dropReplicated, heldAlone } from "./tables";
import type { Pod, StatefulSet } from "./types";
import { rememberOpened, volumeClaims } from "./volumes";

/**
 * Takes a drained replica out for good: it leaves replication first, so that no other waits for it, then its pod goes. Its
 * volume stays.
 *
 * @throws ControlError, with everything as it was, when it holds something that no other replica of its shard holds.
 */
export async function leave(cluster: Cluster, claim: Claim, replica: string): Promise<void> {
	const stored = await cluster.record.guard(claim);
	const { shard, ordinal } = cluster.place(replica);
	const isMember = names(cluster, stored).includes(replica);
	const pod = await cluster.api.get<Pod>("pods", replica);
	// Another shard's may have begun to go, and with it all of this number; one that was never let in holds nothing.
	const mayHold = isMember || (shard < (stored.shards ?? 1) && pod !== undefined && isReady(pod));
	if (mayHold) await lossOf(cluster, stored, replica, [replica]);
	const pods = await cluster.pods();
	// From here on it is none of the cluster's: a replica that has begun to go must never be let back as it is.
	const settled = await cluster.record.under(claim, (now) => ({
		...settle(now, pods, cluster.settings(now).image),
		...(isMember && { replicas: Math.min(now.replicas ?? 1, ordinal) }),
	}));
	if (pod !== undefined && isReady(pod)) await dropReplicated(await cluster.server(pod, cluster.settings(stored)));
	const claims = (await volumeClaims(cluster)).filter(({ metadata }) => metadata.name === `data-${replica}`);
	await rememberOpened(cluster, settled, claims, pods);
	await cluster.record.guard(claim);
	await untilNoConflict(async () => {
		const set = await cluster.api.get<StatefulSet>("statefulsets", shardName(cluster, shard));
		if (set === undefined || (set.spec.replicas ?? 1) <= ordinal) return;
		const { name, resourceVersion } = set.metadata;
		await cluster.api.merge("statefulsets", name, { metadata: { resourceVersion }, spec: { replicas: ordinal } });
	});
	const seconds = cluster.settings(stored).gracePeriodSeconds + 60;
	await until("the pod of a replica that left does not go", async () => !(await isThere(cluster, replica)), seconds);
	await cluster.api.delete("services", replica);
	if (ordinal > 0) return;
	// A shard that was made and never let in leaves nothing.
	await cluster.api.delete("statefulsets", shardName(cluster, shard));
	await cluster.api.delete("poddisruptionbudgets", shardName(cluster, shard));
}

const isThere = async (cluster: Cluster, replica: string) =>
	(await cluster.api.get<Pod>("pods", replica)) !== undefined;

/**
 * Makes sure that nothing is lost with a replica.
 *
 * @param leaves all that are to go: they are no place to keep rows.
 * @throws ControlError that says what would be lost, or why that can't be told.
 */
export async function lossOf(
	cluster: Cluster,
	stored: Stored,
	replica: string,
	leaves: readonly string[],
): Promise<void> {
	const settings = cluster.settings(stored);
	const way = `Set replicas back to ${stored.replicas}`;
	const { shard, ordinal } = parseReplica(cluster, replica) ?? { shard: 0, ordinal: 0 };
	const stay = names(cluster, stored).filter((name) => {
		const place = parseReplica(cluster, name);
		return place?.shard === shard && place.ordinal < ordinal && !leaves.includes(name);
	});
	const pods = await cluster.pods();
	const ask = async (name: string) => {
		try {
			const pod = podOf(pods, name);
			if (pod === undefined) throw new ControlError("it has no pod");
			const server = await cluster.server(pod, settings);
			return { name, server, health: await health(server) };
		} catch (error) {
			if (!(error instanceof ControlError)) throw error;
			throw new ControlError(`${name} can't be asked what it holds: ${error.message}. ${way}, or see to it first.`);
		}
	};
	const [its, ...others] = await Promise.all([replica, ...stay].map(ask));
	if (its === undefined) return;
	const lost = await heldAlone(
		its.server,
		others.map(({ server }) => server),
	);
	if (lost.length > 0)
		throw new ControlError(`${replica} can't go: ${lost.join("; ")}. Move or drop that first. ${way} until then.`);
	const behind = others.filter(({ health }) => !health.caughtUp).map(({ name }) => name);
	if (behind.length === others.length)
		throw new ControlError(
			`${replica} can't go: no replica that stays is known to hold all that it holds (${behind.join(", ") || "none stays"}). ${way}, or try again once one has caught up.`,
		);
}
