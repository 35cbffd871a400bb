import { ControlError, PlatformError } from "../../../control/errors";
import type { Claim, Rehearse } from "../../../control/port";
import { type SqlServer, type Started, TrialEnded } from "../../../control/trial";
import type { Failure } from "../../../core/cluster";
import type { Rehearsal, RehearsedPlace } from "../../../core/rehearsal";
import type { DbVersion } from "../../../core/version";
import type { KubeObject, Pod, StatefulSet } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { diagnose, isReady } from "../ask/diagnose";
import { sleep, until } from "../change/wait";
import { recordName } from "../render/names";
import type { Image } from "../render/pod";
import { trialLabel, trialPod } from "./pod";

/**
 * Tries a version with pods beside the cluster: on one node a server, on each other node of a replica the server's
 * program, which pulls the image there. All of them are removed, also those of an earlier rehearsal that was killed.
 */
export async function rehearseByPods(
	cluster: Cluster,
	claim: Claim,
	version: DbVersion,
	stallSeconds: number,
	use: Rehearse,
): Promise<Rehearsal | undefined> {
	const stored = await cluster.record.guard(claim);
	const settings = cluster.settings(stored);
	const [pods, sets, image] = await Promise.all([cluster.pods(), cluster.sets(), cluster.image(settings, version)]);
	await clear(cluster);
	const serving = pods.find(isReady);
	try {
		const found = await use(
			{
				artifact: image.reference,
				...(serving && { cluster: await cluster.server(serving, settings) }),
				start: () => start(cluster, { pods, sets, image, stallSeconds, configRoot: settings.configRoot }),
			},
			stored.rehearsed,
		);
		if (found !== undefined) await cluster.record.under(claim, (now) => ({ ...now, rehearsed: found }));
		return found;
	} finally {
		await clear(cluster);
	}
}

interface Starting {
	readonly pods: readonly Pod[];
	readonly sets: readonly StatefulSet[];
	readonly image: Image;
	readonly stallSeconds: number;
	readonly configRoot: string;
}

async function start(cluster: Cluster, starting: Starting): Promise<Started> {
	const { pods, sets } = starting;
	// Of a stopped cluster no node is known: the scheduler chooses one as for a replica.
	const nodes = new Map<string | undefined, Pod[]>(pods.length > 0 ? [] : [[undefined, []]]);
	for (const pod of pods) {
		const node = pod.spec.nodeName;
		if (node !== undefined) nodes.set(node, [...(nodes.get(node) ?? []), pod]);
	}
	const owner = await cluster.api.get<KubeObject & { metadata: { uid: string } }>(
		"configmaps",
		recordName(cluster.name),
	);
	if (owner === undefined) throw cluster.gone();
	const tried = await Promise.all(
		[...nodes].map(async ([node, its], index) => {
			const set = sets.find(({ metadata }) => its[0]?.metadata.name.startsWith(`${metadata.name}-`)) ?? sets[0];
			if (set === undefined) throw cluster.gone();
			const what = index === 0 ? ("start" as const) : ("image" as const);
			const { image, configRoot } = starting;
			const object = trialPod({
				cluster: cluster.name,
				owner: owner.metadata,
				set,
				image,
				node,
				index,
				what,
				configRoot,
				httpPort: cluster.httpPort,
			});
			return {
				name: node ?? "any node",
				replicas: its.map(nameOf),
				...(await outcome(cluster, object, what, starting)),
			};
		}),
	);
	const leftOut = tried.find((one) => one.leftOut !== undefined)?.leftOut;
	if (leftOut !== undefined) return { places: [], leftOut };
	const places = tried.map(
		({ name, replicas, failure }): RehearsedPlace => ({ name, replicas, ...(failure && { failure }) }),
	);
	const [first] = tried;
	// It may be Ready and still not be reached: a NetworkPolicy lets the API server's proxy reach the replicas only.
	if (first?.pod === undefined) return { places, ...(first?.failure && { failure: first.failure }) };
	return { places, server: await trying(cluster, first.pod) };
}

const nameOf = ({ metadata }: Pod) => metadata.name;

/** A server that is tried; once it has ended, it is asked why. */
async function trying(cluster: Cluster, pod: Pod): Promise<SqlServer> {
	const server = await cluster.server(pod, cluster.settings(await cluster.record.read()));
	const asking = async <T>(ask: () => Promise<T>): Promise<T> => {
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof PlatformError)) throw error;
			const failure = endOf(await cluster.api.get<Pod>("pods", pod.metadata.name));
			throw failure === undefined ? error : new TrialEnded(failure);
		}
	};
	return {
		rows: (sql, settings) => asking(() => server.rows(sql, settings)),
		run: (sql, settings) => asking(() => server.run(sql, settings)),
	};
}

interface Outcome {
	readonly pod?: Pod;
	readonly failure?: Failure;
	readonly leftOut?: string;
}

/** Creates a pod and waits, while there is progress, until its server answers or its program has ended. */
async function outcome(
	cluster: Cluster,
	object: KubeObject,
	what: "start" | "image",
	{ stallSeconds }: Starting,
): Promise<Outcome> {
	let created: Pod;
	try {
		created = await cluster.api.create<Pod>("pods", object);
	} catch (error) {
		return refusal(error);
	}
	const { name } = object.metadata;
	let last = "";
	let since = Date.now();
	let readySince: number | undefined;
	for (;;) {
		const pod = await cluster.api.get<Pod>("pods", name);
		if (pod === undefined || pod.metadata.uid !== created.metadata.uid || pod.metadata.deletionTimestamp !== undefined)
			throw new ControlError(`the pod ${name}, which tried the version, was deleted outside Pulumi`);
		const { failure = endOf(pod), cause = "exits", phase } = diagnose(pod, { now: cluster.api.connection.now() });
		if (phase !== last) [last, since] = [phase, Date.now()];
		const still = (Date.now() - since) / 1000;
		const unplaced = failure?.cause === "scheduling" || (cause === "scheduling" && still > roomSeconds);
		if (unplaced || hasNoRoom(pod)) return { leftOut: `${name}: ${phase}` };
		if (failure !== undefined) return what === "start" || isOfImage(failure) ? { failure } : {};
		if (what === "image" && pod.status?.phase === "Succeeded") return {};
		if (what === "start" && (await answers(cluster, name))) return { pod };
		readySince = isReady(pod) ? (readySince ?? Date.now()) : undefined;
		if (readySince !== undefined && Date.now() - readySince > reachSeconds * 1000) return {};
		if (still > stallSeconds)
			return {
				failure: { cause, words: `does not answer and shows no progress for ${stallSeconds} seconds: ${phase}` },
			};
		await sleep(200);
	}
}

/** How long a pod may wait for room on its node: another one is no help. */
const roomSeconds = 20;
/** How long a server that is Ready may be out of reach. */
const reachSeconds = 10;

/** A node that is full, or a pod that took longer than its deadline, says nothing about the version. */
const hasNoRoom = ({ status }: Pod) =>
	/^(OutOf|DeadlineExceeded|Evicted|NodeAffinity|UnexpectedAdmission)/.test(status?.reason ?? "");

/** Another image may have another program in the place of the server: only that it can't run at all counts. */
const isOfImage = ({ cause, words }: Failure) =>
	["image", "admission", "configuration"].includes(cause) || /exec format error/i.test(words);

/** A missing right and a used-up quota say nothing about the version; a policy that forbids the pod does. */
function refusal(error: unknown): Outcome {
	if (!(error instanceof ControlError)) throw error;
	const { message } = error;
	if (/cannot create resource|exceeded quota|must specify|usage per/i.test(message)) return { leftOut: message };
	if (error instanceof PlatformError && !/forbid|denied/i.test(message)) throw error;
	return { failure: { cause: "admission", words: message } };
}

/** It is never restarted, so its first end is its last. */
function endOf(pod: Pod | undefined): Failure | undefined {
	if (pod?.status?.phase !== "Failed") return undefined;
	const { cause = "exits", phase } = diagnose({ ...pod, status: { ...pod.status, phase: "Running" } }, { now: 0 });
	return { cause, words: phase };
}

async function answers(cluster: Cluster, name: string): Promise<boolean> {
	const answer = await cluster.api
		.proxy(name, cluster.httpPort, { method: "GET", path: "/ping", timeout: 2000 })
		.catch(() => undefined);
	return answer?.status === 200;
}

/** Resolves once none exists. */
async function clear(cluster: Cluster): Promise<void> {
	const left = () => cluster.api.list<Pod>("pods", { labels: `${trialLabel}=${cluster.name}` });
	let found = await left();
	for (const { metadata } of found) await cluster.api.delete("pods", metadata.name, metadata.uid);
	await until(
		"the pods of a rehearsal still exist",
		async () => {
			if (found.length > 0) found = await left();
			return found.length === 0;
		},
		120,
	);
}
