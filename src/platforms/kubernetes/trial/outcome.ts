import { ControlError, PlatformError } from "../../../control/errors";
import type { Failure } from "../../../core/cluster";
import { untilNoConflict } from "../api/api";
import { Conflict } from "../api/errors";
import type { ContainerStatus, KubeObject, Pod } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { diagnose, isReady } from "../ask/diagnose";
import { serverStatus } from "../ask/opened";
import { sleep } from "../change/wait";
import { containerOf } from "../render/names";
import { shellTrial, trialLabel } from "./pod";

export interface TrialWait {
	/** `start` waits for a server, `image` for a program's end. */
	readonly what: "start" | "image";
	/** Without progress. */
	readonly stallSeconds: number;
	/** Milliseconds between two looks. */
	readonly pause: number;
	/** Once aborted, it waits no longer. */
	readonly stop?: AbortSignal;
	/** The same pod with the image that runs now. */
	readonly asNow?: KubeObject;
}

/** What became of a pod that tries a version; nothing if its program ran, or if its server is Ready and out of reach. */
export interface TrialOutcome {
	/** Its server answers. */
	readonly pod?: Pod;
	readonly failure?: Failure;
	/** Why it could not be tried. */
	readonly leftOut?: string;
}

/** Creates a pod and waits, while there is progress, until its server answers or its program has ended. */
export async function outcome(
	cluster: Cluster,
	object: KubeObject,
	{ what, stallSeconds, pause, stop, asNow }: TrialWait,
): Promise<TrialOutcome> {
	let created: Pod;
	try {
		created = await create(cluster, object);
	} catch (error) {
		const refused = refusal(error);
		const { failure } = refused;
		return failure && asNow && (await isForbidden(cluster, asNow)) ? { leftOut: failure.words } : refused;
	}
	const { name } = object.metadata;
	let last = "";
	let since = Date.now();
	let readySince: number | undefined;
	for (;;) {
		if (stop?.aborted) return {};
		const pod = await cluster.api.get<Pod>("pods", name);
		if (pod === undefined || pod.metadata.uid !== created.metadata.uid || pod.metadata.deletionTimestamp !== undefined)
			throw new ControlError(`the pod ${name} of the rehearsal was deleted outside Pulumi`);
		// Also where another container, which somebody puts into each pod, goes on.
		if (what === "image" && (pod.status?.phase === "Succeeded" || endedWith(pod) === 0)) return {};
		const looks = diagnose(ofImage(pod), { now: cluster.api.connection.now() });
		const { failure = shellless(pod) ?? endOf(pod), cause = "exits", phase } = looks;
		if (phase !== last) [last, since] = [phase, Date.now()];
		const still = (Date.now() - since) / 1000;
		const unplaced = failure?.cause === "scheduling" || (cause === "scheduling" && still > roomSeconds);
		if (unplaced || hasNoRoom(pod)) return { leftOut: `${name}: ${phase}` };
		if (failure !== undefined) return what === "start" || isOfImage(failure) ? { failure } : {};
		if (what === "start" && (await answers(cluster, name))) return { pod };
		readySince = isReady(pod) ? (readySince ?? Date.now()) : undefined;
		if (readySince !== undefined && Date.now() - readySince > reachSeconds * 1000) return {};
		if (still > stallSeconds)
			return {
				failure: { cause, words: `does not answer and shows no progress for ${stallSeconds} seconds: ${phase}` },
			};
		await sleep(pause);
	}
}

/** A first try whose answer was lost may have created it; and a quota that others change at the same time wants another. */
const create = ({ api, name }: Cluster, object: KubeObject): Promise<Pod> =>
	untilNoConflict(async () => {
		try {
			return await api.create<Pod>("pods", object);
		} catch (error) {
			const found = error instanceof Conflict ? await api.get<Pod>("pods", object.metadata.name) : undefined;
			if (found?.metadata.labels?.[trialLabel] !== name) throw error;
			return found;
		}
	});

/** How long a pod may wait for room on its node: another one is no help. */
const roomSeconds = 20;
/** How long a server that is Ready may be out of reach. */
const reachSeconds = 10;

const ofShell = ({ status }: Pod): ContainerStatus | undefined =>
	status?.initContainerStatuses?.find(({ name }) => name === shellTrial);

/** The image is pulled for the first container that has it: what keeps that from starting keeps the server from it. */
function ofImage(pod: Pod): Pod {
	const shell = ofShell(pod);
	const { reason = "PodInitializing" } = shell?.state?.waiting ?? {};
	if (shell === undefined || reason === "PodInitializing") return pod;
	return { ...pod, status: { ...pod.status, containerStatuses: [{ ...shell, name: containerOf(pod) }] } };
}

/** Runtimes differ in whether a program that the image has not keeps its container from being created or ends it. */
function shellless(pod: Pod): Failure | undefined {
	const { terminated, waiting } = ofShell(pod)?.state ?? {};
	const isMissing =
		/^(Create|Run)ContainerError$/.test(waiting?.reason ?? "") &&
		/not found|no such file/i.test(waiting?.message ?? "");
	if (terminated ? terminated.exitCode === 0 : !isMissing) return undefined;
	const why = (terminated?.message ?? waiting?.message ?? "").replace(/\s+/g, " ").trim();
	const words = "its image runs no shell, which the startup probe of each replica needs";
	return { cause: "image", words: why === "" ? words : `${words}: ${why.slice(0, 300)}` };
}

/** A node that is full, or a pod that took longer than its deadline, says nothing about the version. */
const hasNoRoom = ({ status }: Pod) =>
	/^(OutOf|DeadlineExceeded|Evicted|NodeAffinity|UnexpectedAdmission)/.test(status?.reason ?? "");

/** Another image may have another program in the place of the server: only that it can't run at all counts. */
const isOfImage = ({ cause, words }: Failure) =>
	["image", "admission", "configuration"].includes(cause) || /exec format error/i.test(words);

/** A missing right and a used-up quota say nothing about the version; a policy that forbids the pod may. */
function refusal(error: unknown): TrialOutcome {
	if (!(error instanceof ControlError)) throw error;
	const { message } = error;
	if (/cannot create resource|exceeded quota|must specify|(usage|ratio) per/i.test(message))
		return { leftOut: message };
	if (error instanceof PlatformError && !/forbid|denied/i.test(message)) throw error;
	return { failure: { cause: "admission", words: message } };
}

/** Whether a policy forbids the pod with any image, as for a label that replicas have and it has not. */
async function isForbidden({ api }: Cluster, asNow: KubeObject): Promise<boolean> {
	const { failure } = await api.create("pods", asNow, { dryRun: true }).then((): TrialOutcome => ({}), refusal);
	return failure !== undefined && !/not support dry run/i.test(failure.words);
}

/** It is never restarted, so its first end is its last. */
export function endOf(pod: Pod | undefined): Failure | undefined {
	if (pod === undefined || (pod.status?.phase !== "Failed" && endedWith(pod) === undefined)) return undefined;
	const { cause = "exits", phase } = diagnose({ ...pod, status: { ...pod.status, phase: "Running" } }, { now: 0 });
	return { cause, words: phase };
}

/** The exit code of its server, once that has ended. */
const endedWith = (pod: Pod): number | undefined => serverStatus(pod)?.state?.terminated?.exitCode;

async function answers(cluster: Cluster, name: string): Promise<boolean> {
	const answer = await cluster.api
		.proxy(name, cluster.httpPort, { method: "GET", path: "/ping", timeout: 2000 })
		.catch(() => undefined);
	return answer?.status === 200;
}
