import { describe, expect, it } from "vitest";
import { diagnose, lastWords, troubleOf } from "../../../src/platforms/kubernetes/diagnose";
import type { ContainerStatus, Event, Pod } from "../../../src/platforms/kubernetes/types";

const now = Date.parse("2026-11-23T10:05:00Z");

function pod(status: Partial<ContainerStatus> | undefined, more: NonNullable<Pod["status"]> = {}): Pod {
	const containerStatuses = status && [{ name: "server", ...status }];
	return {
		metadata: { name: "db-0-1", uid: "u1" },
		spec: { containers: [] },
		status: { phase: "Pending", ...(containerStatuses && { containerStatuses }), ...more },
	};
}

const event = (reason: string, message: string, count = 1): Event => ({
	reason,
	message,
	count,
	metadata: { name: "e" },
});
const waiting = (reason: string, message = "") => ({ state: { waiting: { reason, message } } });
const crashed = { exitCode: 1, reason: "Error", message: "Code: 1000. DB::Exception: too old\nshutting down\n" };

describe("what keeps a replica from serving", () => {
	it.each<[string, Pod | undefined, Event[], string | undefined]>([
		["no pod yet", undefined, [], undefined],
		["a quota", undefined, [event("FailedCreate", 'pods "db-0-1" is forbidden: exceeded quota: small')], undefined],
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
		else expect(diagnosis.failure).toContain(failure);
		expect(diagnosis.failure ?? "").not.toContain("\n");
	});

	it("says the last words of what exits at start", () => {
		const found = pod({
			restartCount: 2,
			imageID: "i",
			...waiting("CrashLoopBackOff"),
			lastState: { terminated: crashed },
		});
		expect(diagnose(found, { now }).failure).toBe(
			'exits at start (exit code 1); its last words: "Code: 1000. DB::Exception: too old"',
		);
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
		expect(troubleOf(pod(again), now)).toContain("too old");
		expect(troubleOf(pod({ ...again, ready: true }), now)).toBeUndefined();
		expect(troubleOf(pod({ imageID: "i", state: { running: {} } }), now)).toBeUndefined();
	});

	it("finds the line that says most", () => {
		expect(lastWords("a\nDB::Exception: b\nshutting down\n")).toBe("DB::Exception: b");
		expect(lastWords("a\n\n  b  \n")).toBe("b");
		expect(lastWords("")).toBe("");
	});
});

function scheduled(lastTransitionTime: string) {
	const message = "0/1 nodes are available: 1 Insufficient memory.";
	return { type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime };
}
