import { ControlError } from "../../control/errors";
import type { Claim } from "../../control/port";
import { untilNoConflict } from "./api";
import { type Cluster, names } from "./cluster";
import { isReady } from "./diagnose";
import { annotation, label, parseReplica, shardName } from "./names";
import { serverStatus, settle } from "./opened";
import type { Stored } from "./record";
import { health } from "./server";
import { asked } from "./size";
import { podOf, until } from "./steps";
import { dropReplicated, heldAlone } from "./tables";
import type { Pod } from "./types";
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
	const answered = await mayLeave(cluster, stored, replica, [replica]);
	const pods = await cluster.pods();
	const size = Math.min(ordinal, stored.replicas ?? 1);
	// Before the record: should its pod be made anew from now on, no client reaches it.
	const template = { metadata: { annotations: { [annotation.size]: String(size) } } };
	await patchSet(cluster, shard, ordinal, { template });
	// From here on it is none of the cluster's: a replica that has begun to go must never be let back as it is.
	const settled = await cluster.record.under(claim, (now) => ({
		...settle(now, pods, cluster.settings(now).image),
		...(isMember && { replicas: Math.min(now.replicas ?? 1, ordinal) }),
	}));
	const pod = podOf(pods, replica);
	if (answered && pod !== undefined) await dropReplicated(await cluster.server(pod, cluster.settings(stored)));
	const claims = (await volumeClaims(cluster)).filter(({ metadata }) => metadata.name === `data-${replica}`);
	await rememberOpened(cluster, settled, claims, pods);
	await cluster.record.guard(claim);
	await patchSet(cluster, shard, ordinal, { replicas: ordinal });
	const seconds = cluster.settings(stored).gracePeriodSeconds + 60;
	await until("the pod of a replica that left does not go", async () => !(await isThere(cluster, replica)), seconds);
	await cluster.api.delete("services", replica);
	if (ordinal > 0) return;
	// A shard that was made and never let in leaves nothing.
	await cluster.api.delete("statefulsets", shardName(cluster, shard));
	await cluster.api.delete("poddisruptionbudgets", shardName(cluster, shard));
}

/** Changes what a shard's StatefulSet asks for, while it asks for a replica. */
function patchSet(cluster: Cluster, shard: number, ordinal: number, spec: object): Promise<void> {
	return untilNoConflict(async () => {
		const set = await cluster.set(shard);
		if (set === undefined || asked(set) <= ordinal) return;
		const { name, resourceVersion } = set.metadata;
		await cluster.api.merge("statefulsets", name, { metadata: { resourceVersion }, spec });
	});
}

const isThere = async (cluster: Cluster, replica: string) =>
	(await cluster.api.get<Pod>("pods", replica)) !== undefined;

/**
 * Makes sure that nothing is lost with a replica, one of the cluster's or one that somebody else added: its server is asked
 * where it runs, ready or not.
 *
 * @returns whether it answered.
 * @throws ControlError as {@link lossOf} does.
 */
export async function mayLeave(
	cluster: Cluster,
	stored: Stored,
	replica: string,
	leaves: readonly string[],
): Promise<boolean> {
	if (!names(cluster, stored).includes(replica)) {
		const pod = await cluster.api.get<Pod>("pods", replica);
		// What does not run has its data on a volume, which stays, and served no client.
		if (pod === undefined || serverStatus(pod)?.state?.running === undefined) return false;
		// A new shard's holds nothing yet, nor does one that was to join and never came up.
		if (cluster.place(replica).shard >= (stored.shards ?? 1)) return isReady(pod);
		const joins = pod.metadata.labels?.[label.clients] === undefined;
		if (joins && !(await answers(cluster, stored, pod))) return false;
	}
	await lossOf(cluster, stored, replica, leaves);
	return true;
}

async function answers(cluster: Cluster, stored: Stored, pod: Pod): Promise<boolean> {
	try {
		await health(await cluster.server(pod, cluster.settings(stored)));
		return true;
	} catch (error) {
		if (error instanceof ControlError) return false;
		throw error;
	}
}

/**
 * Makes sure that nothing is lost with a replica.
 *
 * @param leaves all that are to go: they are no place to keep rows.
 * @throws ControlError that says what would be lost, or why that can't be told.
 */
async function lossOf(cluster: Cluster, stored: Stored, replica: string, leaves: readonly string[]): Promise<void> {
	const settings = cluster.settings(stored);
	const { shard, ordinal } = cluster.place(replica);
	const isMember = ordinal < (stored.replicas ?? 1);
	const way = isMember ? `Set replicas back to ${stored.replicas}` : `Set replicas to ${ordinal + 1} to keep it`;
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
		throw new ControlError(
			`${replica} can't go: ${lost.join("; ")}. Move or drop that first. ${way}${isMember ? " until then" : ""}.`,
		);
	const behind = others.filter(({ health }) => !health.caughtUp).map(({ name }) => name);
	if (behind.length === others.length)
		throw new ControlError(
			`${replica} can't go: no replica that stays is known to hold all that it holds (${behind.join(", ") || "none stays"}). ${way}, or try again once one has caught up.`,
		);
}
