import { describe, expect, it } from "vitest";
import type { Cause } from "../../../../src/core/cluster";
import type { ContainerStatus, Event, Pod } from "../../../../src/platforms/kubernetes/api/types";
import { diagnose, lastWords, troubleOf } from "../../../../src/platforms/kubernetes/ask/diagnose";

const now = Date.parse("2026-11-23T10:05:00Z");

function pod(status: Partial<ContainerStatus> | undefined, more: NonNullable<Pod["status"]> = {}): Pod {
	const containerStatuses = status && [{ name: "server", ...status }];
	return {
		metadata: { name: "db-0-1", uid: "u1" },
		spec: { containers: [] },
		status: { phase: "Pending", ...(containerStatuses && { containerStatuses }), ...more },
	};
}

const event = (reason: string, message: string, count = 1, lastTimestamp?: string): Event => ({
	reason,
	message,
	count,
	metadata: { name: "e" },
	...(lastTimestamp !== undefined && { lastTimestamp }),
});
const waiting = (reason: string, message = "") => ({ state: { waiting: { reason, message } } });
const up = { imageID: "i", started: true, ready: true, state: { running: {} } };
const crashed = { exitCode: 1, reason: "Error", message: "Code: 1000. DB::Exception: too old\nshutting down\n" };

describe("what keeps a replica from serving", () => {
	it.each<[string, Pod | undefined, Event[], string | undefined]>([
		["no pod yet", undefined, [], undefined],
		["a quota", undefined, [event("FailedCreate", 'pods "db-0-1" is forbidden: exceeded quota: small')], undefined],
		[
			"a ServiceAccount that a new namespace does not have yet",
			undefined,
			[
				event(
					"FailedCreate",
					'pods "db-0-1" is forbidden: error looking up service account db/default: serviceaccount "default" not found',
				),
			],
			undefined,
		],
		[
			"a policy",
			undefined,
			[event("FailedCreate", 'pods "db-0-1" is forbidden: violates PodSecurity "restricted"')],
			"PodSecurity",
		],
		["no node yet", pod(undefined, { conditions: [scheduled("2026-11-23T10:04:50Z")] }), [], undefined],
		[
			"no node for minutes",
			pod(undefined, { conditions: [scheduled("2026-11-23T10:02:00Z")] }),
			[],
			"Insufficient memory",
		],
		[
			"no node until the autoscaler has made one",
			pod(undefined, { conditions: [scheduled("2026-11-23T10:02:00Z")] }),
			[event("TriggeredScaleUp", "pod triggered scale-up: [{group 3->4 (max: 9)}]", 1, "2026-11-23T10:02:10Z")],
			undefined,
		],
		[
			"no node until Karpenter has made one",
			pod(undefined, { conditions: [scheduled("2026-11-23T10:02:00Z")] }),
			[event("Nominated", "Pod should schedule on: nodeclaim/default-x7k2p", 1, "2026-11-23T10:02:10Z")],
			undefined,
		],
		[
			"no node though the autoscaler had a quarter of an hour",
			pod(undefined, { conditions: [scheduled("2026-11-23T09:49:00Z")] }),
			[event("TriggeredScaleUp", "pod triggered scale-up", 1, "2026-11-23T10:04:10Z")],
			"Insufficient memory",
		],
		[
			"no node, and none that the autoscaler could make any more",
			pod(undefined, { conditions: [scheduled("2026-11-23T10:02:00Z")] }),
			[
				event("TriggeredScaleUp", "pod triggered scale-up", 1, "2026-11-23T10:02:10Z"),
				event(
					"NotTriggerScaleUp",
					"pod didn't trigger scale-up: 1 max node group size reached",
					1,
					"2026-11-23T10:04:00Z",
				),
			],
			"Insufficient memory",
		],
		[
			"a webhook",
			undefined,
			[event("FailedCreate", 'create Pod db-0-1 failed error: admission webhook "a.b" denied the request: no')],
			"denied the request",
		],
		[
			"a policy that has been mended since",
			undefined,
			[
				event("FailedCreate", 'pods "db-0-1" is forbidden: violates PodSecurity', 9, "2026-11-23T10:04:30Z"),
				event("SuccessfulCreate", "create Pod db-0-1 in StatefulSet db-0 successful", 2, "2026-11-23T10:04:40Z"),
			],
			undefined,
		],
		[
			"a policy that was there before the controller last tried",
			undefined,
			[event("FailedCreate", 'pods "db-0-1" is forbidden: violates PodSecurity', 9, "2026-11-23T10:04:30Z")],
			undefined,
		],
		[
			"a policy just now",
			undefined,
			[event("FailedCreate", 'pods "db-0-1" is forbidden: violates PodSecurity', 9, "2026-11-23T10:04:59Z")],
			"violates PodSecurity",
		],
		[
			"a node whose kubelet has not seen the Secret yet",
			pod(waiting("CreateContainerConfigError", "failed to sync secret cache: timed out waiting for the condition")),
			[],
			undefined,
		],
		[
			"a new node whose driver for volumes still starts",
			pod(waiting("ContainerCreating")),
			[
				event(
					"FailedMount",
					"MountVolume.MountDevice failed: driver name ebs.csi.aws.com not found in the list of registered CSI drivers",
					8,
				),
			],
			undefined,
		],
		[
			"a volume that was not there before the image was pulled",
			pod(waiting("ContainerCreating")),
			[
				event("FailedMount", 'configmap "x" not found', 6, "2026-11-23T10:02:00Z"),
				event("Pulling", "Pulling image a", 1, "2026-11-23T10:03:00Z"),
			],
			undefined,
		],
		[
			"no such image",
			pod(waiting("ImagePullBackOff", 'Back-off pulling image "a:1": ErrImagePull: rpc error: a:1: not found')),
			[],
			"not found",
		],
		["a registry that is down", pod(waiting("ErrImagePull", "dial tcp: connection refused")), [], undefined],
		[
			"no such Secret",
			pod(waiting("CreateContainerConfigError", 'secret "db" not found')),
			[],
			'secret "db" not found',
		],
		["a volume that is slow", pod(waiting("ContainerCreating")), [event("FailedMount", "timed out", 2)], undefined],
		[
			"a volume that is not there",
			pod(waiting("ContainerCreating")),
			[event("FailedMount", 'configmap "x" not found', 6)],
			'configmap "x" not found',
		],
		["a crash", pod({ restartCount: 0, imageID: "i", state: { terminated: crashed } }), [], undefined],
		[
			"a crash again and again",
			pod({ restartCount: 2, imageID: "i", ...waiting("CrashLoopBackOff"), lastState: { terminated: crashed } }),
			[],
			"too old",
		],
		[
			"too little memory",
			pod({
				restartCount: 2,
				imageID: "i",
				...waiting("CrashLoopBackOff"),
				lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
			}),
			[],
			"resources.limits.memory",
		],
		[
			"loading tables for hours",
			pod({ restartCount: 0, imageID: "i", started: false, state: { running: {} } }),
			[],
			undefined,
		],
	])("%s", (_, found, events, failure) => {
		const diagnosis = diagnose(found, { now, events });
		expect(diagnosis.phase).not.toBe("");
		if (failure === undefined) expect(diagnosis.failure).toBeUndefined();
		else expect(diagnosis.failure).toEqual({ cause: diagnosis.cause, words: expect.stringContaining(failure) });
		expect(diagnosis.failure?.words ?? "").not.toContain("\n");
	});

	const refused = (message: string): [undefined, Event[]] => [undefined, [event("FailedCreate", message)]];
	const waits = (message: string): [Pod, Event[]] => [
		pod(undefined, { conditions: [{ ...scheduled("2026-11-23T10:04:50Z"), message }] }),
		[],
	];
	const seen = (reason: string, message: string): [Pod, Event[]] => [
		pod(waiting("ContainerCreating")),
		[event(reason, message)],
	];
	const inside = (status: Partial<ContainerStatus>): [Pod, Event[]] => [pod({ restartCount: 0, ...status }), []];
	const forbidden = 'create Pod db-0-1 in StatefulSet db-0 failed error: pods "db-0-1" is forbidden: ';
	it.each<[Cause | undefined, string, [Pod | undefined, Event[]]]>([
		["quota", "a quota", refused(`${forbidden}exceeded quota: small, requested: memory=64Mi, used: memory=64Mi`)],
		["quota", "a quota of what is not asked for", refused(`${forbidden}failed quota: small: must specify limits.cpu`)],
		["quota", "a limit", refused(`${forbidden}maximum memory usage per Container is 32Mi, but limit is 64Mi`)],
		[
			"quota",
			"a quota of volumes",
			refused(
				'failed error: failed to create PVC data-db-0-1: persistentvolumeclaims "data-db-0-1" is forbidden: exceeded quota: q',
			),
		],
		["volume", "another trouble of a volume", refused("failed error: failed to create PVC data-db-0-1: no such class")],
		[
			"admission",
			"Pod Security",
			refused(`${forbidden}violates PodSecurity "restricted:latest": runAsNonRoot != true`),
		],
		["admission", "a webhook", refused('admission webhook "a.b" denied the request: image not found on the list')],
		["admission", "OpenShift", refused(`${forbidden}unable to validate against any security context constraint`)],
		["configuration", "a ServiceAccount", refused(`${forbidden}error looking up service account a/b: "b" not found`)],
		["configuration", "a wrong field", refused('Pod "db-0-1" is invalid: spec.tolerations[0]: Invalid value: "x"')],
		["scheduling", "no room", waits("0/1 nodes are available: 1 Insufficient memory.")],
		["volume", "no volume yet", waits("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")],
		["volume", "a volume elsewhere", waits("0/3 nodes are available: 3 node(s) had volume node affinity conflict.")],
		["scheduling", "both", waits("2 Insufficient cpu, 1 node(s) had volume node affinity conflict.")],
		["volume", "a mount", seen("FailedMount", "driver name ebs.csi.aws.com not found")],
		["configuration", "a mounted Secret", seen("FailedMount", 'MountVolume.SetUp failed: secret "x" not found')],
		["volume", "an attachment", seen("FailedAttachVolume", "Multi-Attach error")],
		["network", "no address", seen("FailedCreatePodSandBox", "failed to assign an IP address")],
		["image", "a registry that is down", inside(waiting("ErrImagePull", "connection refused"))],
		["image", "a wrong name", inside(waiting("InvalidImageName", "couldn't parse image name"))],
		["configuration", "a Secret", inside(waiting("CreateContainerConfigError", 'secret "db" not found'))],
		["exits", "a crash", inside({ imageID: "i", state: { terminated: crashed } })],
		["memory", "no memory", inside({ imageID: "i", state: { terminated: { exitCode: 137, reason: "OOMKilled" } } })],
		[undefined, "a start", inside({ imageID: "i", started: false, state: { running: {} } })],
		[undefined, "no pod yet", [undefined, []]],
	])("is of the kind %s: %s", (cause, _, [found, events]) => {
		const diagnosis = diagnose(found, { now, events });
		expect(diagnosis.cause).toBe(cause);
		if (diagnosis.failure !== undefined) expect(diagnosis.failure.cause).toBe(cause);
	});

	it("says the last words of what exits at start", () => {
		const found = pod({
			restartCount: 2,
			imageID: "i",
			...waiting("CrashLoopBackOff"),
			lastState: { terminated: crashed },
		});
		expect(diagnose(found, { now }).failure?.words).toBe(
			'exits at start (exit code 1); its last words: "Code: 1000. DB::Exception: too old"',
		);
	});

	it.each<[string, string, Pod, Event[]?]>([
		[
			"its init container linkerd-init exits (exit code 1)",
			"an init container of others that crashes",
			pod(waiting("PodInitializing"), {
				initContainerStatuses: [
					{ name: "done", ready: true, state: { terminated: { exitCode: 0 } } },
					{ name: "linkerd-init", ...waiting("CrashLoopBackOff"), lastState: { terminated: { exitCode: 1 } } },
				],
			}),
		],
		[
			"its init container vault waits: ErrImagePull: no such host",
			"an init container of others without an image",
			pod(waiting("PodInitializing"), {
				initContainerStatuses: [{ name: "vault", ...waiting("ErrImagePull", "no such host") }],
			}),
		],
		[
			"its init container copy runs",
			"an init container of others that takes its time",
			pod(waiting("PodInitializing"), {
				initContainerStatuses: [
					{ name: "copy", state: { running: {} } },
					{ name: "later", ...waiting("PodInitializing") },
				],
			}),
			[event("FailedMount", "timed out", 6)],
		],
		[
			"its container istio-proxy is not ready",
			"a sidecar",
			pod(up, {
				conditions: [notReady()],
				containerStatuses: [
					{ name: "server", ...up },
					{ name: "istio-proxy", ready: false, state: { running: {} } },
				],
			}),
		],
		[
			"its container istio-proxy exits (exit code 2)",
			"a sidecar that crashes",
			pod(up, {
				conditions: [notReady()],
				containerStatuses: [
					{ name: "server", ...up },
					{
						name: "istio-proxy",
						ready: false,
						...waiting("CrashLoopBackOff"),
						lastState: { terminated: { exitCode: 2 } },
					},
				],
			}),
		],
		[
			'not ready: corresponding condition of pod readiness gate "target-health.elbv2.k8s.aws/a" does not exist',
			"a load balancer's readiness gate",
			pod(up, {
				conditions: [
					notReady('corresponding condition of pod readiness gate "target-health.elbv2.k8s.aws/a" does not exist.'),
				],
			}),
		],
		["not answering", "a server that is not ready itself", pod({ ...up, ready: false }, { conditions: [notReady()] })],
	])("%s: %s", (phase, _, found, events = []) => {
		expect(diagnose(found, { now, events })).toEqual({ phase, ...(/container/.test(phase) && { cause: "container" }) });
	});

	it.each<[string, string, (id: string, port: number) => string, ContainerStatus["state"]?]>([
		[
			"FailedCreatePodSandBox",
			"its pod has no sandbox or network yet: ",
			(id) =>
				`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${id}": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container`,
		],
		[
			"FailedAttachVolume",
			"waiting for its volume: ",
			(id) =>
				`AttachVolume.Attach failed for volume "pvc-1": operation error EC2: AttachVolume, StatusCode: 400, RequestID: ${id.slice(0, 8)}-${id.slice(0, 4)}-4a1c-9d2e-${id.slice(0, 12)}, api error VolumeInUse`,
		],
		[
			"Failed",
			"its image can't be pulled: ",
			(_, port) =>
				`Failed to pull image "a": dial tcp: lookup r.io on 10.96.0.10:53: read udp 10.1.2.3:${port}->10.96.0.10:53: i/o timeout`,
			waiting("ImagePullBackOff", "Back-off pulling image").state,
		],
	])("is the same when it is said again, whatever number the same has then: %s", (reason, begins, message, state) => {
		const phase = (id: string, port: number) =>
			diagnose(pod({ ...waiting("ContainerCreating"), ...(state && { state }) }), {
				now,
				events: [event(reason, message(id, port), 9)],
			});
		const first = phase("0123456789abcdef".repeat(4), 45_123);
		expect(first.phase.startsWith(begins)).toBe(true);
		expect(first.failure).toBeUndefined();
		expect(phase("fedcba9876543210".repeat(4), 51_234)).toEqual(first);
	});

	it("is why an image can't be pulled, and not that the kubelet tries it again later", () => {
		const found = pod(waiting("ErrImagePull", ""));
		const events = [
			event("Failed", 'Failed to pull image "a": connect: connection refused', 4, "2026-11-23T10:04:30Z"),
			event("Failed", "Error: ImagePullBackOff", 6, "2026-11-23T10:04:50Z"),
		];
		expect(diagnose(found, { now, events }).phase).toBe(
			'its image can\'t be pulled: Failed to pull image "a": connect: connection refused',
		);
	});

	it("is busy for as long as its grace period lasts, whose end the API server names", () => {
		const ending = (deletionTimestamp: string): Pod => ({
			...pod(up),
			metadata: { name: "db-0-1", deletionTimestamp },
		});
		expect(diagnose(ending("2026-11-23T10:05:01Z"), { now })).toEqual({ phase: "stopping", busy: true });
		expect(diagnose(ending("2026-11-23T10:05:00Z"), { now })).toEqual({ phase: "stopping" });
	});

	it("is a node that is gone, where a pod does not end in its time", () => {
		const ending = (deletionTimestamp: string): Pod => ({
			...pod(up),
			metadata: { name: "db-0-1", deletionTimestamp },
			spec: { containers: [], nodeName: "node-7" },
		});
		const lost = "past its grace period; its node may be gone (kubectl get node node-7)";
		expect(diagnose(ending("2026-11-23T10:04:30Z"), { now })).toEqual({ phase: "stopping" });
		expect(troubleOf(ending("2026-11-23T10:04:30Z"), now)).toBeUndefined();
		expect(diagnose(ending("2026-11-23T10:03:30Z"), { now })).toEqual({
			phase: `stopping: ${lost}`,
			cause: "node",
		});
		expect(troubleOf(ending("2026-11-23T10:03:30Z"), now)).toEqual({ cause: "node", words: `does not stop: ${lost}` });
	});

	it("is said of what was killed for lack of memory while it served", () => {
		const killed = { exitCode: 137, reason: "OOMKilled" };
		const again = { restartCount: 1, imageID: "i", state: { running: {} }, lastState: { terminated: killed } };
		expect(troubleOf(pod(again), now)).toEqual({
			cause: "memory",
			words: "was killed because it ran out of memory: raise resources.limits.memory; it is started again",
		});
	});

	it("takes new lines of a log for progress, and the same line at another time for none", () => {
		const found = pod({ imageID: "i", started: false, state: { running: {} } });
		const phase = (log: string) => diagnose(found, { now, log }).phase;
		expect(phase("10:00:01 Loading table 3 of 7")).toBe(phase("10:00:02 Loading table 3 of 7"));
		expect(phase("10:00:01 Loading table a")).not.toBe(phase("10:00:02 Loading table b"));
	});

	it("takes a percentage that rises for progress: of a server that loads its tables, it is all that changes", () => {
		const found = pod({ imageID: "i", started: false, state: { running: {} } });
		const line = (percent: string) =>
			`2026.01.01 10:00:01.000 [ 7 ] {} <Information> AsyncLoader: Processed: ${percent}%`;
		const phase = (percent: string) => diagnose(found, { now, log: line(percent) }).phase;
		expect(phase("12.3")).toBe("starting: AsyncLoader: Processed: 12%");
		expect(phase("12.9")).toBe(phase("12.3"));
		expect(phase("100.0")).toBe("starting: AsyncLoader: Processed: 100%");
	});

	it("is said of one that was started again, and of none that came up well", () => {
		const again = { restartCount: 1, imageID: "i", state: { running: {} }, lastState: { terminated: crashed } };
		expect(troubleOf(pod(again), now)).toEqual({ cause: "exits", words: expect.stringContaining("too old") });
		expect(troubleOf(pod({ ...again, ready: true }), now)).toBeUndefined();
		expect(troubleOf(pod({ imageID: "i", state: { running: {} } }), now)).toBeUndefined();
	});

	it("finds the line that says most", () => {
		expect(lastWords("a\nDB::Exception: b\nshutting down\n")).toBe("DB::Exception: b");
		expect(lastWords("a\n\n  b  \n")).toBe("b");
		expect(lastWords("")).toBe("");
	});

	it("are a whole exception, from its code to its name", () => {
		const first = "Code: 516. DB::Exception: default: Authentication failed: password is incorrect.";
		const advice = "If you use ClickHouse Cloud, the password can be reset at the settings page.";
		expect(lastWords(`Starting\n${first}\n\n${advice}\n\n. (AUTHENTICATION_FAILED)\n`)).toBe(
			`${first} ${advice.slice(0, -1)}. (AUTHENTICATION_FAILED)`,
		);
		expect(lastWords(`${first}\n${advice}\n. (AUTHENTICATION_FAILED)\nBye`)).toContain("Code: 516");
		// What follows an exception that is whole is told by itself, and so is what came before one.
		expect(lastWords(`Code: 1. DB::Exception: a. (UNKNOWN_TABLE)\nError: b`)).toBe("Error: b");
		expect(lastWords(`Error: b\nCode: 1. DB::Exception: a. (UNKNOWN_TABLE)`)).toBe(
			"Code: 1. DB::Exception: a. (UNKNOWN_TABLE)",
		);
		expect(lastWords("Code: 1. DB::Exception: a\nshutting down")).toBe("Code: 1. DB::Exception: a");
	});

	it("are cut in their middle, so that beginning and name stay", () => {
		const words = lastWords(`Code: 999. DB::Exception: ${"x".repeat(2000)}\n\n. (KEEPER_EXCEPTION)`);
		expect(words.length).toBeLessThanOrEqual(320);
		expect(words).toMatch(/^Code: 999\. DB::Exception: x+ \.\.\. x+\. \(KEEPER_EXCEPTION\)$/);
	});
});

describe("a pod that no node has room for yet", () => {
	const words = "no node fits: 0/1 nodes are available: 1 Insufficient memory";
	const justNow = pod(undefined, { conditions: [scheduled("2026-11-23T10:04:59Z")] });

	it("says why at once, which stops nothing", () => {
		expect(diagnose(justNow, { now })).toEqual({ phase: words, cause: "scheduling" });
	});

	it("is no trouble yet where the scheduler may not have seen its claims", () => {
		expect(troubleOf(justNow, now)).toBeUndefined();
		const since = (at: string) => troubleOf(pod(undefined, { conditions: [scheduled(at)] }), now);
		expect(since("2026-11-23T10:04:51Z")).toBeUndefined();
		expect(since("2026-11-23T10:04:50Z")).toEqual({ cause: "scheduling", words });
	});

	it("says so by the event that comes before the condition, and for as long as it takes", () => {
		const failed = event(
			"FailedScheduling",
			"0/1 nodes are available: 1 Insufficient memory.",
			9,
			"2026-11-23T10:00:00Z",
		);
		expect(diagnose(pod(undefined), { now, events: [failed] })).toEqual({ phase: words, cause: "scheduling" });
	});

	it("says nothing of it once it has a node", () => {
		const placed = pod(waiting("ContainerCreating"), { conditions: [{ type: "PodScheduled", status: "True" }] });
		const events = [event("FailedScheduling", "0/1 nodes are available: 1 Insufficient memory.")];
		expect(diagnose(placed, { now, events })).toEqual({ phase: "preparing its pod" });
		expect(troubleOf(placed, now)).toBeUndefined();
	});
});

function scheduled(lastTransitionTime: string) {
	const message = "0/1 nodes are available: 1 Insufficient memory.";
	return { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime };
}

function notReady(message?: string) {
	return { type: "Ready", status: "False", ...(message !== undefined && { message }) };
}
