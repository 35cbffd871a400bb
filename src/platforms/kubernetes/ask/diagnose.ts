import type { ReplicaView } from "../../../control/port";
import type { Cause, Failure } from "../../../core/cluster";
import type { Condition, ContainerState, ContainerStatus, Event, Pod } from "../api/types";
import { serverStatus } from "./opened";

type Diagnosis = Pick<ReplicaView, "phase" | "cause" | "failure" | "busy">;

interface Evidence {
	/** The API server's clock, in milliseconds. */
	readonly now: number;
	/** Of the pod or, if there is none, of its StatefulSet. */
	readonly events?: readonly Event[];
	/** The last lines of the log, if the container runs. */
	readonly log?: string;
}

/** An unschedulable pod may get a node as soon as another pod is gone. */
const unschedulableSeconds = 60;
/** A scheduler may see a new pod before its claims: it says so, and tries again. */
const unseenSeconds = 10;
/** Events of an autoscaler that adds a node: Cluster Autoscaler and Karpenter. Both stop trying after 15 minutes. */
const nodeComes = ["TriggeredScaleUp", "Nominated"];
const nodeSeconds = 900;
/**
 * The age up to which a refusal is current. The controller retries after 5, 10, 20 ... milliseconds, and finally after
 * minutes: an old refusal may be about something that is fixed by now.
 */
const refusedSeconds = 10;
/** A pod that still exists so long after its grace period: by its end the kubelet kills what is left. */
const stuckSeconds = 60;
/** The kubelet retries after 0.5, 1, 2, 4 ... seconds, and a new volume may need some of them. */
const failedMounts = 5;
/** Mount errors that do not pass by themselves; a driver that still starts on a new node does. */
const unmountable = /(configmap|secret|persistentvolumeclaim) "[^"]*" not found|non-existent/i;

/** The kubelet restarts after 0, 10 and 20 seconds: Keeper or a volume's former user may need some of them. */
const patientRestarts = 2;

const outOfMemory = "was killed because it ran out of memory: raise resources.limits.memory";

const unpullable =
	/not found|manifest unknown|name_unknown|does not exist|denied|unauthorized|forbidden|no match for platform/i;

/** Why a replica does not serve, and whether waiting may help. */
export function diagnose(pod: Pod | undefined, { now, events = [], log = "" }: Evidence): Diagnosis {
	if (pod === undefined) return missing(events, now);
	const { deletionTimestamp } = pod.metadata;
	if (deletionTimestamp !== undefined) {
		const words = stuck(pod, now);
		if (words !== undefined) return kept("node", `stopping: ${words}`);
		// The API server puts the end of the grace period there.
		return { phase: "stopping", ...(now < Date.parse(deletionTimestamp) && { busy: true }) };
	}
	if (pod.status?.phase === "Failed" || pod.status?.phase === "Unknown") {
		return { phase: `its pod is ${pod.status.phase}: ${clause(pod.status.message ?? pod.status.reason ?? "")}` };
	}
	const status = serverStatus(pod);
	if (!status?.imageID) return notStarted(pod, status, now, events);
	return started(pod, status, log);
}

/** What keeps it, as text; if it is `lasting`, waiting does not help. */
function kept(cause: Cause, words: string, lasting = false): Diagnosis {
	return { phase: words, cause, ...(lasting && { failure: { cause, words } }) };
}

function missing(events: readonly Event[], now: number): Diagnosis {
	const refused = newest(events, ["FailedCreate", "SuccessfulCreate"]);
	if (refused?.reason !== "FailedCreate") return { phase: "waiting for its pod" };
	const words = clause(refused.message ?? "");
	// A quota may get room, and a new namespace gets its ServiceAccount a moment later; what a policy forbids stays forbidden.
	const forbidden =
		/violates PodSecurity|is forbidden: (?!exceeded quota|error looking up service account)|Invalid value|denied the request/i;
	const at = time(refused);
	const lasting = forbidden.test(words) && (at === 0 || now - at < refusedSeconds * 1000);
	return kept(causeOfRefusal(words), `its pod can't be created: ${words}`, lasting);
}

function causeOfRefusal(words: string): Cause {
	// The wording of LimitRanges.
	if (/quota|(usage|ratio) per (Container|Pod|PersistentVolumeClaim)/i.test(words)) return "quota";
	if (/failed to create PVC/i.test(words)) return "volume";
	return /denied the request|violates PodSecurity|unable to validate against any/i.test(words) ||
		!/Invalid value|not found/i.test(words)
		? "admission"
		: "configuration";
}

/** Nobody removes a pod whose node does not respond, until the node is back or the pod is deleted. */
function stuck({ metadata, spec }: Pod, now: number): string | undefined {
	if (now - Date.parse(metadata.deletionTimestamp ?? "") < stuckSeconds * 1000) return undefined;
	return `past its grace period; its node may be gone (kubectl get node ${spec.nodeName})`;
}

function notStarted(pod: Pod, status: ContainerStatus | undefined, now: number, events: readonly Event[]): Diagnosis {
	const scheduled = condition(pod, "PodScheduled");
	// The scheduler's event can be seen before its condition.
	const event = scheduled === undefined ? newest(events, "FailedScheduling") : undefined;
	if (scheduled?.status === "False" || event !== undefined) {
		const words = `no node fits: ${clause(scheduled?.message ?? event?.message ?? "")}`;
		const since = Date.parse(scheduled?.lastTransitionTime ?? "");
		const scaling = newest(events, [...nodeComes, "NotTriggerScaleUp"])?.reason ?? "";
		const patience = nodeComes.includes(scaling) ? nodeSeconds : unschedulableSeconds;
		const lasting = scheduled?.reason === "Unschedulable" && now - since > patience * 1000;
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
		const words = `its container can't be created: ${clause(message || reason)}`;
		return kept(reason === "CreateContainerConfigError" ? "configuration" : "image", words, !/timed out/.test(message));
	}
	if (reason === "CreateContainerError" || reason === "RunContainerError")
		return { phase: `its container can't be started: ${clause(message)}` };
	const init = another(pod.status?.initContainerStatuses, "init container", "runs");
	if (init !== undefined) return kept("container", init);
	// Volumes come first, then the sandbox, then the image: errors of an earlier stage are over once a later one begins.
	const pull = newest(events, ["Pulling", "Pulled"]);
	if (pull !== undefined) return { phase: pull.reason === "Pulling" ? "pulling the image" : "preparing its pod" };
	const sandbox = newest(events, "FailedCreatePodSandBox");
	if (sandbox !== undefined) return kept("network", `its pod has no sandbox or network yet: ${said(sandbox.message)}`);
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

/** Of the containers that were injected into a pod (a service mesh, a vault), the one that it waits for. */
function another(statuses: readonly ContainerStatus[] = [], what: string, goesOn: string): string | undefined {
	const waits = statuses.find(({ ready, state }) => {
		// These have not started yet.
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

/** What is wrong with a replica that does not serve; `undefined` while it starts as it should. */
export function troubleOf(pod: Pod | undefined, now: number): Failure | undefined {
	const { phase, cause, failure } = diagnose(pod, { now });
	if (failure !== undefined || pod === undefined) return failure;
	if (pod.metadata.deletionTimestamp !== undefined) {
		const words = stuck(pod, now);
		return words === undefined ? undefined : { cause: "node", words: `does not stop: ${words}` };
	}
	// An autoscaler may still add a node, but until then this is why.
	if (cause !== undefined && isWithoutNode(pod, now)) return { cause, words: phase };
	const status = serverStatus(pod);
	const last = status?.lastState?.terminated;
	if (last === undefined || status?.ready || last.exitCode === 0) return undefined;
	if (last.reason === "OOMKilled") return { cause: "memory", words: `${outOfMemory}; it is started again` };
	const words = lastWords(last.message ?? "");
	const how = `exited (exit code ${last.exitCode ?? "unknown"}) and is started again`;
	return { cause: "exits", words: `${how}${words === "" ? "" : `; its last words: "${words}"`}` };
}

/** Whether it may get requests and is not being deleted. */
export function isReady(pod: Pod): boolean {
	return pod.metadata.deletionTimestamp === undefined && condition(pod, "Ready")?.status === "True";
}

/** The most telling part of a log: the last exception, the last line that mentions an error, or the last line. */
export function lastWords(text: string): string {
	const spoken = text
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line !== "");
	const at = spoken.findLastIndex((line) => /exception|error|fatal|failed/i.test(line));
	// A server's exception may take several lines, from its code to its name: `Code: 516. ...`, `... (AUTHENTICATION_FAILED)`.
	const first = spoken.findLastIndex((line, index) => index <= at && /\bCode: \d+/.test(line));
	const last = first + spoken.slice(Math.max(first, 0)).findIndex((line) => /\([A-Z][A-Z\d]*(_[A-Z\d]+)+\)/.test(line));
	const words = first >= 0 && at <= last ? spoken.slice(first, last + 1) : spoken.slice(at).slice(0, 1);
	return cutInTheMiddle(flat(words.join(" ").replace(/\.? \. \(/, ". (")));
}

/** Messages around it are up to 400 characters long, and an exception names its kind at its end. */
const cutInTheMiddle = (text: string) => (text.length > 320 ? `${text.slice(0, 200)} ... ${text.slice(-115)}` : text);

/** Without time, thread and numbers, so that a repeated line is no progress. Whole percents are. */
const steady = (line: string) =>
	clause(
		line
			.replace(/^.*?<[A-Z][a-z]+> /, "")
			.replace(/(\d+)(?:\.\d+)?%|\d[\d.:,/-]*/g, (_, percent?: string) =>
				percent === undefined ? "#" : `${percent}%`,
			),
	);

/** Without parts that differ in every repetition, which would look like progress forever. */
const said = (text = "") =>
	clause(text.replace(/(?<=request ?id:? ?|sandbox "?)[-0-9a-f]{16,}|(?<=:)\d{4,5}(?=->)/gi, "#"));

const clause = (text: string) => {
	const line = flat(text);
	return line.length > 400 ? `${line.slice(0, 400)}...` : line;
};

const flat = (text: string) => text.replace(/\s+/g, " ").trim().replace(/\.$/, "");

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

function isWithoutNode(pod: Pod, now: number): boolean {
	const { status, lastTransitionTime = "" } = condition(pod, "PodScheduled") ?? {};
	return status === "False" && !(now - Date.parse(lastTransitionTime) < unseenSeconds * 1000);
}
