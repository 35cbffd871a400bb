import type { Cause, Failure } from "../../../core/cluster";
import type { Condition, ContainerState, ContainerStatus, Event, Pod } from "../api/types";
import { serverStatus } from "./opened";

/** What keeps a replica from serving. */
export interface Diagnosis {
	/** What it is doing, for people. */
	readonly phase: string;
	/** What keeps it, where that is known; waiting may help all the same. */
	readonly cause?: Cause;
	/** Why waiting can't help. */
	readonly failure?: Failure;
	/** It stops, and the time that it has for that is not over. */
	readonly busy?: true;
}

export interface Evidence {
	/** The API server's clock, in milliseconds. */
	readonly now: number;
	/** Of the pod, or where there is none, of its StatefulSet. */
	readonly events?: readonly Event[];
	/** The last lines of the log, where the container runs. */
	readonly log?: string;
}

/** A pod that finds no node may get one as soon as another pod is gone. */
const unschedulableSeconds = 60;
/** An autoscaler has said that it makes a node: Cluster Autoscaler, and Karpenter. Both give one up after 15 minutes. */
const nodeComes = ["TriggeredScaleUp", "Nominated"];
const nodeSeconds = 900;
/**
 * Of a refusal just now. The controller tries again after 5, 10, 20 ... milliseconds, and after minutes at last: what was
 * refused before somebody mended it stands there until then.
 */
const refusedSeconds = 10;
/** A pod that has not gone so long after its grace period: the kubelet kills what is left of it at its end. */
const stuckSeconds = 60;
/** The kubelet tries again after 0.5, 1, 2, 4 ... seconds, and a new volume may need some of them. */
const failedMounts = 5;
/** Of what can't be mounted, this does not come by itself; a driver that still starts on a new node does. */
const unmountable = /(configmap|secret|persistentvolumeclaim) "[^"]*" not found|non-existent/i;

/** The kubelet restarts at once, then after 10 and 20 seconds: a Keeper or a volume's former user may need some of them. */
const patientRestarts = 2;

const outOfMemory = "was killed for lack of memory: raise resources.limits.memory";

const unpullable =
	/not found|manifest unknown|name_unknown|does not exist|denied|unauthorized|forbidden|no match for platform/i;

/** Why a replica does not serve, and whether it can still come to. */
export function diagnose(pod: Pod | undefined, { now, events = [], log = "" }: Evidence): Diagnosis {
	if (pod === undefined) return missing(events, now);
	const { deletionTimestamp } = pod.metadata;
	if (deletionTimestamp !== undefined) {
		const words = stuck(pod, now);
		if (words !== undefined) return kept("node", `stopping: ${words}`);
		// The API server names the end of its grace period there.
		return { phase: "stopping", ...(now < Date.parse(deletionTimestamp) && { busy: true }) };
	}
	if (pod.status?.phase === "Failed" || pod.status?.phase === "Unknown") {
		return { phase: `its pod is ${pod.status.phase}: ${clause(pod.status.message ?? pod.status.reason ?? "")}` };
	}
	const status = serverStatus(pod);
	if (!status?.imageID) return notStarted(pod, status, now, events);
	return started(pod, status, log);
}

/** What keeps it, for people; where it is `lasting`, waiting can't help. */
function kept(cause: Cause, words: string, lasting = false): Diagnosis {
	return { phase: words, cause, ...(lasting && { failure: { cause, words } }) };
}

function missing(events: readonly Event[], now: number): Diagnosis {
	const refused = newest(events, ["FailedCreate", "SuccessfulCreate"]);
	if (refused?.reason !== "FailedCreate") return { phase: "waiting for its pod" };
	const words = clause(refused.message ?? "");
	// A quota may get room; what a policy forbids stays forbidden.
	const forbidden = /violates PodSecurity|is forbidden: (?!exceeded quota)|Invalid value|denied the request/i;
	const at = time(refused);
	const lasting = forbidden.test(words) && (at === 0 || now - at < refusedSeconds * 1000);
	return kept(causeOfRefusal(words), `its pod can't be made: ${words}`, lasting);
}

function causeOfRefusal(words: string): Cause {
	// LimitRanges speak of a usage or a ratio per container.
	if (/quota|(usage|ratio) per (Container|Pod|PersistentVolumeClaim)/i.test(words)) return "quota";
	if (/failed to create PVC/i.test(words)) return "volume";
	return /denied the request|violates PodSecurity|unable to validate against any/i.test(words) ||
		!/Invalid value|not found/i.test(words)
		? "admission"
		: "configuration";
}

/** Nobody ends a pod whose node does not answer, until the node is back or somebody deletes it. */
function stuck({ metadata, spec }: Pod, now: number): string | undefined {
	if (now - Date.parse(metadata.deletionTimestamp ?? "") < stuckSeconds * 1000) return undefined;
	return `its time for that is over, so that its node may be gone (kubectl get node ${spec.nodeName})`;
}

function notStarted(pod: Pod, status: ContainerStatus | undefined, now: number, events: readonly Event[]): Diagnosis {
	const scheduled = condition(pod, "PodScheduled");
	if (scheduled?.status === "False") {
		const words = `no node takes it: ${clause(scheduled.message ?? "")}`;
		const since = Date.parse(scheduled.lastTransitionTime ?? "");
		const scaling = newest(events, [...nodeComes, "NotTriggerScaleUp"])?.reason ?? "";
		const patience = nodeComes.includes(scaling) ? nodeSeconds : unschedulableSeconds;
		const lasting = scheduled.reason === "Unschedulable" && now - since > patience * 1000;
		const volume = /persistentvolumeclaim|persistent volume|volume node affinity/i.test(words);
		return kept(volume && !/Insufficient/.test(words) ? "volume" : "scheduling", words, lasting);
	}
	const { reason = "", message = "" } = status?.state?.waiting ?? {};
	if (reason === "ErrImagePull" || reason === "ImagePullBackOff") {
		const pulling = newest(events, "Failed", /failed to pull/i)?.message;
		const words = `its image can't be pulled: ${said(unpullable.test(message) ? message : (pulling ?? message))}`;
		return kept("image", words, unpullable.test(words));
	}
	if (["InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError"].includes(reason)) {
		const words = `its container can't be made: ${clause(message || reason)}`;
		return kept(reason === "CreateContainerConfigError" ? "configuration" : "image", words, !/timed out/.test(message));
	}
	if (reason === "CreateContainerError" || reason === "RunContainerError")
		return { phase: `its container can't be started: ${clause(message)}` };
	const init = another(pod.status?.initContainerStatuses, "init container", "runs");
	if (init !== undefined) return kept("container", init);
	// Volumes come first, then the sandbox, then the image: what was said of the earlier is over with the later.
	const pull = newest(events, ["Pulling", "Pulled"]);
	if (pull !== undefined) return { phase: pull.reason === "Pulling" ? "pulling the image" : "preparing its pod" };
	const sandbox = newest(events, "FailedCreatePodSandBox");
	if (sandbox !== undefined) return kept("network", `its pod has no network or sandbox yet: ${said(sandbox.message)}`);
	const mount = newest(events, "FailedMount");
	if (mount !== undefined) {
		const words = `its volumes can't be mounted: ${said(mount.message)}`;
		const absent = /(configmap|secret) "[^"]*" not found|non-existent/i.test(words);
		const lasting = times(mount) >= failedMounts && unmountable.test(words);
		return kept(absent ? "configuration" : "volume", words, lasting);
	}
	const attach = newest(events, "FailedAttachVolume");
	if (attach !== undefined) return kept("volume", `waiting for its volume: ${said(attach.message)}`);
	return { phase: "preparing its pod" };
}

/** Of the containers that others put into a pod (a service mesh, a vault), the one that it waits for. */
function another(statuses: readonly ContainerStatus[] = [], what: string, goesOn: string): string | undefined {
	const waits = statuses.find(({ ready, state }) => {
		// These have not had their turn.
		const before = ["PodInitializing", "ContainerCreating"].includes(state?.waiting?.reason ?? "");
		return !ready && state !== undefined && !before;
	});
	return waits && `its ${what} ${waits.name} ${doing(waits) ?? goesOn}`;
}

function doing({ state, lastState }: ContainerStatus): string | undefined {
	const ended: ContainerState["terminated"] = state?.terminated ?? lastState?.terminated;
	const { reason, message } = state?.waiting ?? {};
	if (ended !== undefined && state?.running === undefined) return `exits (exit code ${ended.exitCode ?? "unknown"})`;
	return reason === undefined ? undefined : `waits: ${clause([reason, message].filter(Boolean).join(": "))}`;
}

function started(pod: Pod, status: ContainerStatus, log: string): Diagnosis {
	const last = status.state?.terminated ?? status.lastState?.terminated;
	const down = status.state?.terminated !== undefined || status.state?.waiting !== undefined;
	if (last !== undefined && down) {
		const words = lastWords(last.message || log);
		const how = last.reason === "OOMKilled" ? outOfMemory : `exits at start (exit code ${last.exitCode ?? "unknown"})`;
		const all = `${how}${words === "" ? "" : `; its last words: "${words}"`}`;
		const lasting = (status.restartCount ?? 0) >= patientRestarts;
		return kept(last.reason === "OOMKilled" ? "memory" : "exits", all, lasting);
	}
	if (!status.started) {
		const words = steady(log.trim().split("\n").at(-1) ?? "");
		return { phase: words === "" ? "starting" : `starting: ${words}` };
	}
	const ready = condition(pod, "Ready");
	if (ready?.status === "True") return { phase: "ready" };
	if (!status.ready) return { phase: "not answering" };
	const other = another(pod.status?.containerStatuses, "container", "is not ready");
	if (other !== undefined) return kept("container", other);
	return { phase: ready?.message ? `not ready: ${clause(ready.message)}` : "not answering" };
}

/** What a person should know of a replica that does not serve; `undefined` while it comes up as it should. */
export function troubleOf(pod: Pod | undefined, now: number): Failure | undefined {
	const { failure } = diagnose(pod, { now });
	if (failure !== undefined || pod === undefined) return failure;
	if (pod.metadata.deletionTimestamp !== undefined) {
		const words = stuck(pod, now);
		return words === undefined ? undefined : { cause: "node", words: `does not stop: ${words}` };
	}
	const status = serverStatus(pod);
	const last = status?.lastState?.terminated;
	if (last === undefined || status?.ready || last.exitCode === 0) return undefined;
	if (last.reason === "OOMKilled") return { cause: "memory", words: `${outOfMemory}; it is started again` };
	const words = lastWords(last.message ?? "");
	const how = `exited (exit code ${last.exitCode ?? "unknown"}) and is started again`;
	return { cause: "exits", words: `${how}${words === "" ? "" : `; its last words: "${words}"`}` };
}

/** Whether it may get requests, and is not on its way out. */
export function isReady(pod: Pod): boolean {
	return pod.metadata.deletionTimestamp === undefined && condition(pod, "Ready")?.status === "True";
}

/** The line of a log that says most: the last that speaks of an error, else the last. */
export function lastWords(text: string): string {
	const lines = text.split("\n").map((line) => line.trim());
	const spoken = lines.filter((line) => line !== "");
	return clause(spoken.findLast((line) => /exception|error|fatal|failed/i.test(line)) ?? spoken.at(-1) ?? "");
}

/** Without its time, thread and numbers, so that the same line said again is no progress. Whole percents are. */
const steady = (line: string) =>
	clause(
		line
			.replace(/^.*?<[A-Z][a-z]+> /, "")
			.replace(/(\d+)(?:\.\d+)?%|\d[\d.:,/-]*/g, (_, percent?: string) =>
				percent === undefined ? "#" : `${percent}%`,
			),
	);

/** Without what is another each time that the same is said, or it would be taken for progress for ever. */
const said = (text = "") =>
	clause(text.replace(/(?<=request ?id:? ?|sandbox "?)[-0-9a-f]{16,}|(?<=:)\d{4,5}(?=->)/gi, "#"));

const clause = (text: string) => {
	const line = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
	return line.length > 400 ? `${line.slice(0, 400)}...` : line;
};

const condition = (pod: Pod, type: string): Condition | undefined =>
	pod.status?.conditions?.find((each) => each.type === type);

const times = ({ count, series }: Event) => Math.max(count ?? 1, series?.count ?? 1);

function newest(events: readonly Event[], reasons: string | readonly string[], message = /(?:)/): Event | undefined {
	return events
		.filter((event) => [reasons].flat().includes(event.reason ?? "") && message.test(event.message ?? ""))
		.sort((a, b) => time(a) - time(b))
		.at(-1);
}

const time = ({ lastTimestamp, eventTime, metadata }: Event) =>
	Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "") || 0;
