import { ControlError, ifKnown } from "../../../control/errors";
import type { Care, Observation, ReplicaView } from "../../../control/port";
import type { Failure, ObservedReplica } from "../../../core/cluster";
import type { State } from "../../../core/state";
import { TimedOut } from "../api/errors";
import type { EndpointSlice, Event, Pod, StatefulSet } from "../api/types";
import { containerOf, label, replicaName, shardName } from "../render/names";
import { templateHash } from "../render/pod";
import { indexes } from "../render/server-config";
import type { KeptSettings } from "../render/shape";
import { type Cluster, inEndpoints, names } from "./cluster";
import { desiredState, scaledDown } from "./desired";
import { diagnose, isReady, troubleOf } from "./diagnose";
import { emptied } from "./emptied";
import { type Health, health, type RecentAnswers } from "./health";
import { everStarted, imageDigest, openedBy, serverStatus, settle, versionOf } from "./opened";
import type { Stored } from "./record";
import { queryCounts } from "./server";
import { desiredReplicas, isForeign, isIdle, rests, sizedRecord } from "./size";

/** A preview looks only once, while a rollout looks again: a busy replica that is seconds behind must not fail it. */
const observePatience = 5000;
/** It fetches the last parts of a replica that is out: large ones take seconds. */
const exactPatience = 10_000;

interface Seen {
	readonly stored: Stored | undefined;
	readonly settings: KeptSettings;
	readonly sets: readonly StatefulSet[];
	readonly pods: readonly Pod[];
	readonly slices: readonly EndpointSlice[];
}

/** Reads the ConfigMap and three lists, and sends one query per replica. */
export async function observe(cluster: Cluster, care?: "brief"): Promise<Observation | undefined> {
	const [stored, sets, pods, slices] = await Promise.all([
		cluster.record.read(),
		cluster.sets(),
		cluster.pods(),
		cluster.slices(),
	]);
	if (stored?.owner === undefined && sets.length === 0) return undefined;
	const seen: Seen = { stored, settings: cluster.settings(stored), sets, pods, slices };
	await witness(cluster, seen.stored, seen.settings, pods);
	const size = sizeOf(seen);
	const replicas = await Promise.all(
		indexes(size.shards).flatMap((shard) =>
			indexes(size.replicas).map(async (ordinal) => {
				const pod = pods.find(({ metadata }) => metadata.name === replicaName(cluster, shard, ordinal));
				const [healthy, unasked] = await askHealth(
					cluster,
					seen.settings,
					pod,
					cluster.recentAnswers(pod),
					care === "brief" ? 0 : observePatience,
				);
				const empty = healthy && (await emptied(cluster, seen.settings, pod, async () => pods));
				return replicaOf(cluster, seen, shard, ordinal, pod, healthy, { unasked, empty });
			}),
		),
	);
	const mark = stored?.mark;
	const record = sizedRecord(cluster, stored, sets);
	const state = stateOf(seen, replicas);
	return { name: cluster.name, state, replicas, ...(mark && { mark }), ...(record && { record }) };
}

/** One replica, with what it is doing and why waiting does not help. */
export async function look(cluster: Cluster, replica: string, care?: Care): Promise<ReplicaView> {
	const { shard, ordinal } = cluster.place(replica);
	const [stored, set, pod, slices] = await Promise.all([
		cluster.record.read(),
		cluster.set(shard),
		cluster.api.get<Pod>("pods", replica),
		cluster.slices(),
	]);
	const settings = cluster.settings(stored);
	const isMember = stored?.shards === undefined || names(cluster, stored).includes(replica);
	const isMade = set !== undefined && (isMember || (set.spec.replicas ?? 1) > ordinal);
	if (!isMade && !(isMember && stored?.owner !== undefined))
		throw new ControlError(`the cluster '${cluster.name}' has no replica '${replica}'`);
	const seen: Seen = { stored, settings, sets: set ? [set] : [], pods: pod ? [pod] : [], slices };
	await witness(cluster, stored, settings, seen.pods);
	// Only of one that serves is it asked whether it can take over, which takes some time under constant INSERTs.
	const serves = pod !== undefined && isServing(cluster, slices, pod);
	const patience = !serves || care === "brief" ? 0 : care === "exact" ? exactPatience : undefined;
	const recent = care === "exact" ? undefined : cluster.recentAnswers(pod);
	const [[healthy, unasked, silent], counts, empty, close] = await Promise.all([
		askHealth(cluster, settings, pod, recent, patience),
		ifKnown(() => cluster.ask(pod, settings, queryCounts)),
		isMember ? emptied(cluster, settings, pod, () => cluster.pods()) : undefined,
		serves ? undefined : closely(cluster, set, pod),
	]);
	const known = replicaOf(cluster, seen, shard, ordinal, pod, healthy, { unasked, empty });
	// It may still be loading its tables, whatever its readiness probe says, or be overloaded and behind: it can't take over
	// from another.
	const observed = silent ? { ...known, caughtUp: false } : known;
	const asked = desiredState(cluster, stored, shard, set);
	const view = { replica: observed, queries: counts?.running, ...(asked && { asked }) };
	if (close === undefined) return { ...view, phase: "serving" };
	if (set?.spec.replicas === 0 && pod === undefined) return { ...view, phase: "stopped" };
	const { phase, ...found } = close;
	const failure = found.failure ?? empty ?? scaledDown(cluster, stored, shard, ordinal, set);
	const why = { ...found, ...(failure && { failure }) };
	const stopping = pod?.metadata.deletionTimestamp !== undefined;
	// Its template may be older than the StatefulSet's; `outdated` says so.
	if (pod !== undefined && !everStarted(pod) && !stopping)
		return { ...view, phase, starting: versionOf(settings.image, pod), ...why };
	if (failure !== undefined || stopping) return { ...view, phase, ...why };
	if (healthy?.readOnly) return { ...view, phase: "waiting for Keeper", cause: "keeper" };
	if (healthy !== undefined && !healthy.caughtUp) {
		const { waiting: left } = healthy;
		const parts = left === 0 ? "" : `: ${left} parts to fetch`;
		return { ...view, phase: `catching up${parts}`, left, cause: "replication" };
	}
	if (phase === "ready" && !isMember) return { ...view, phase: "copying the tables and the rows of other replicas" };
	if (phase === "ready") return { ...view, phase: "removed from the endpoints for clients" };
	// If the server is ready, its pod waits for something else.
	const itself = healthy === undefined || (pod && serverStatus(pod)?.ready);
	return itself ? { ...view, phase, ...why } : { ...view, phase: "its server answers, and its pod is not Ready yet" };
}

async function closely(cluster: Cluster, set: StatefulSet | undefined, pod: Pod | undefined) {
	const status = pod && serverStatus(pod);
	const waits = pod === undefined || status === undefined || !everStarted(pod);
	// While it waits for its restart, its output is in the log of the previous container.
	const previous = status?.state?.waiting !== undefined && Boolean(status.restartCount);
	const silent = pod !== undefined && !waits && !status.started;
	const [events, log] = await Promise.all([
		waits ? eventsOf(cluster, pod ?? set) : [],
		silent ? cluster.api.log(pod.metadata.name, containerOf(pod), { lines: 20, previous }) : "",
	]);
	return diagnose(pod, { now: cluster.api.connection.now(), events, log });
}

async function eventsOf(cluster: Cluster, object: Pod | StatefulSet | undefined): Promise<readonly Event[]> {
	if (object?.metadata.uid === undefined) return [];
	// Events only explain: if reading them is forbidden, the phase is less telling.
	return cluster.api.list<Event>("events", { fields: `involvedObject.uid=${object.metadata.uid}` }).catch(() => []);
}

/** Records immediately what the pods show about their data: they may be gone when it is needed. */
async function witness(cluster: Cluster, stored: Stored | undefined, settings: KeptSettings, pods: readonly Pod[]) {
	if (stored === undefined || Object.keys(stored.opening).length === 0) return;
	if (settle(stored, pods, settings.image) === stored) return;
	// A read-only user sees the same; the next one with write access records it.
	await cluster.record.change((now) => settle(now, pods, settings.image)).catch(() => {});
}

function sizeOf({ stored, sets }: Seen): { shards: number; replicas: number } {
	if (stored?.shards !== undefined && stored.replicas !== undefined)
		return { shards: stored.shards, replicas: stored.replicas };
	return {
		shards: Math.max(...sets.map(({ metadata }) => Number(metadata.labels?.[label.shard] ?? 0))) + 1,
		replicas: Math.max(1, ...sets.map(({ spec }) => spec.replicas ?? 1)),
	};
}

const isServing = (cluster: Cluster, slices: readonly EndpointSlice[], pod: Pod) =>
	isReady(pod) && cluster.services.every((service) => inEndpoints(slices, pod, service));

function replicaOf(
	cluster: Cluster,
	{ stored, settings, sets, slices }: Seen,
	shard: number,
	ordinal: number,
	pod: Pod | undefined,
	healthy: Health | undefined,
	{ unasked, empty }: { readonly unasked: string | undefined; readonly empty: Failure | undefined },
): ObservedReplica {
	const name = replicaName(cluster, shard, ordinal);
	const set = sets.find(({ metadata }) => metadata.name === shardName(cluster, shard));
	const serving = pod !== undefined && isServing(cluster, slices, pod);
	const stopped = set?.spec.replicas === 0;
	const away = set !== undefined && !stopped && desiredReplicas(set) <= ordinal;
	// A pod that never started runs nothing; the mark shows what it was told to run.
	const opened = openedBy(stored, name, pod, settings.image);
	const version =
		stopped || (away && pod === undefined)
			? versionOf(settings.image, set.spec.template)
			: pod && everStarted(pod)
				? versionOf(settings.image, pod)
				: // A StatefulSet that was deleted is created again with the version of the data.
					set === undefined && pod === undefined
					? opened
					: undefined;
	// If no StatefulSet was ever created, the cluster is still being created.
	const made = sets.length > 0 || Object.keys(stored?.openedBy ?? {}).length > 0;
	const left = leftOut(cluster, sets, shard, made);
	const outdated = pod !== undefined && set !== undefined && templateHash(pod) !== templateHash(set.spec.template);
	const why =
		serving || stopped || left !== undefined
			? undefined
			: (scaledDown(cluster, stored, shard, ordinal, set) ?? empty ?? troubleOf(pod, cluster.api.connection.now()));
	const trouble = serving ? (unasked ?? healthy?.trouble) : (left ?? why?.words);
	const pinned = pod ?? (stopped ? set.spec.template : undefined);
	const digest = pinned && imageDigest(pinned);
	return {
		name,
		shard,
		ordinal,
		version,
		...(digest !== undefined && { digest }),
		openedBy: opened,
		serving,
		readOnly: healthy?.readOnly,
		caughtUp: healthy?.caughtUp,
		...(outdated && { outdated }),
		...(trouble !== undefined && { trouble }),
		...(why !== undefined && { cause: why.cause }),
	};
}

/** Why a shard has no pods although its cluster should run. */
function leftOut(cluster: Cluster, sets: readonly StatefulSet[], shard: number, made: boolean): string | undefined {
	const name = shardName(cluster, shard);
	const set = sets.find(({ metadata }) => metadata.name === name);
	if (rests(sets) || (set === undefined ? !made : set.spec.replicas !== 0)) return undefined;
	const what = `its StatefulSet ${name} ${set === undefined ? "is gone" : "has no replicas"}`;
	return isForeign(cluster) && set === undefined ? what : `${what}; pulumi up without another version restores it`;
}

/**
 * What a server says that has no room for the query now: too many queries, no memory, no thread, no time. What it always
 * says, as to a user without a right, must not keep an update from its end.
 */
const isOverloaded = /^Code: (?:159|173|202|241|439|745)\b/;

/** A replica that does not answer is not known to be behind. If it is ready, that is worth a message. */
async function askHealth(
	cluster: Cluster,
	settings: KeptSettings,
	pod: Pod | undefined,
	recent: RecentAnswers | undefined,
	patience?: number,
): Promise<[health: Health | undefined, why?: string, silent?: boolean]> {
	try {
		return [await cluster.ask(pod, settings, (server) => health(server, patience, recent))];
	} catch (error) {
		if (!(error instanceof ControlError)) throw error;
		const why = pod && isReady(pod) ? `can't be queried: ${error.message}` : undefined;
		return [undefined, why, error instanceof TimedOut || isOverloaded.test(error.message)];
	}
}

function stateOf({ stored, sets, pods }: Seen, replicas: readonly ObservedReplica[]): State {
	if (rests(sets)) {
		if (pods.length > 0) return "Stopping";
		return isIdle(sets) ? "Idle" : "Stopped";
	}
	const troubled = replicas.some(({ serving, trouble }) => !serving && trouble !== undefined);
	const creates = stored?.mark?.creates === true;
	if (stored?.mark !== undefined && !creates) return troubled ? "Degraded" : "Updating";
	if (replicas.every(({ serving }) => serving)) return "Started";
	return troubled || (!creates && replicas.some(({ serving }) => serving)) ? "Degraded" : "Starting";
}
