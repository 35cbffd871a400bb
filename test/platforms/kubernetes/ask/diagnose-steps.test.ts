import { describe, expect, it } from "vitest";
import type { ContainerStatus, Event, Pod } from "../../../../src/platforms/kubernetes/api/types";
import { diagnose, isReady, lastWords, troubleOf } from "../../../../src/platforms/kubernetes/ask/diagnose";

const now = Date.parse("2026-11-23T10:05:00Z");
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

const pod = (server: Partial<ContainerStatus> | undefined, status: Pod["status"] = {}, metadata = {}): Pod => ({
	metadata: { name: "db-0-1", uid: "u1", ...metadata },
	spec: { containers: [], nodeName: "node-7" },
	status: { ...(server && { containerStatuses: [{ name: "server", ...server }] }), ...status },
});
const event = (reason: string, message: string, more: Partial<Event> = {}): Event => ({
	reason,
	message,
	metadata: { name: "e" },
	...more,
});
const waiting = (reason: string, message = "") => ({ state: { waiting: { reason, message } } });
const up = { imageID: "i", started: true, ready: true, state: { running: {} } };
const ready = (status: string) => ({
	conditions: [
		{ type: "PodScheduled", status: "True" },
		{ type: "Ready", status },
	],
});
const of = (its: Pod | undefined, events: Event[] = [], log = "") => diagnose(its, { now, events, log });

describe("the step at which a pod is", () => {
	it.each<[string, Pod | undefined, Event[], string]>([
		["its pod", undefined, [], "waiting for its pod"],
		["Failed: Evicted", pod(undefined, { phase: "Failed", reason: "Evicted" }), [], "Evicted"],
		[
			"Failed: what it says",
			pod(up, { phase: "Failed", reason: "Evicted", message: "low on disk" }),
			[],
			"Failed: low on disk",
		],
		["Unknown", pod(up, { phase: "Unknown" }), [], "Unknown"],
		["a container that can't be made", pod(waiting("CreateContainerError", "no such device")), [], "no such device"],
		["a container that can't run", pod(waiting("RunContainerError", "exec failed")), [], "exec failed"],
		["its image", pod(waiting("ContainerCreating")), [event("Pulling", "Pulling image")], "pulling the image"],
		["what comes after", pod(waiting("ContainerCreating")), [event("Pulled", "done")], "preparing its pod"],
		["nothing else", pod(waiting("ContainerCreating")), [], "preparing its pod"],
		["its start", pod({ ...up, started: false }), [], "starting"],
		["nothing", pod(up, ready("True")), [], "ready"],
		["its answer", pod({ ...up, ready: false }, ready("False")), [], "not answering"],
		["a pod that says no more", pod(up, ready("False")), [], "not answering"],
	])("is %s", (_, its, events, phase) => {
		const found = of(its, events);
		expect(found.phase).toContain(phase);
		expect(found).not.toHaveProperty("failure");
	});

	it("is that of the newest event, whatever their order", () => {
		const pulling = event("Pulling", "", { lastTimestamp: ago(5) });
		for (const earlier of [
			event("Pulled", "", { lastTimestamp: ago(9) }),
			event("Pulled", "", { eventTime: ago(9) }),
			event("Pulled", "", { metadata: { name: "e", creationTimestamp: ago(9) } }),
		])
			for (const events of [
				[pulling, earlier],
				[earlier, pulling],
			])
				expect(of(pod(waiting("ContainerCreating")), events).phase).toBe("pulling the image");
	});

	it("is a pod that was made after all", () => {
		const refused = event("FailedCreate", "exceeded quota", { lastTimestamp: ago(9) });
		const made = event("SuccessfulCreate", "", { lastTimestamp: ago(5) });
		expect(of(undefined, [refused, made])).not.toHaveProperty("cause");
		expect(of(undefined, [made, { ...refused, lastTimestamp: ago(1) }])).toMatchObject({ cause: "quota" });
	});

	it("counts what its log says in whole percents and in no other numbers", () => {
		const line = (text: string) => of(pod({ ...up, started: false }), [], `first\n${text}\n\n`).phase;
		expect(line("2026.11.23 10:05:00 [7] <Information> Loader: 12.5% of 31 tables")).toBe(
			"starting: Loader: 12% of # tables",
		);
		expect(line("7% done")).toBe("starting: 7% done");
	});
});

describe("what lasts", () => {
	const lasts = (its: Pod | undefined, ...events: Event[]) => of(its, events).failure !== undefined;

	it("is an image that must be there and is not, or whose name is wrong", () => {
		expect(lasts(pod(waiting("ErrImageNeverPull", "not present")))).toBe(true);
		expect(lasts(pod(waiting("InvalidImageName")))).toBe(true);
		expect(lasts(pod(waiting("ContainerCreating")))).toBe(false);
	});

	it("is a missing ConfigMap once its mount was tried five times, however they are counted", () => {
		const mount = (more: Partial<Event>) => event("FailedMount", 'configmap "settings" not found', more);
		const its = pod(waiting("ContainerCreating"));
		expect([4, 5].map((count) => lasts(its, mount({ count })))).toEqual([false, true]);
		expect([4, 5].map((count) => lasts(its, mount({ series: { count } })))).toEqual([false, true]);
		expect(lasts(its, mount({}))).toBe(false);
		expect(lasts(its, event("FailedMount", "timed out", { count: 9 }))).toBe(false);
	});

	it("is a pod that no node fits, and none that nobody tries to place", () => {
		const scheduled = (reason: string) => ({
			conditions: [{ type: "PodScheduled", status: "False", reason, message: "full", lastTransitionTime: ago(100) }],
		});
		expect(lasts(pod(undefined, scheduled("Unschedulable")))).toBe(true);
		expect(lasts(pod(undefined, scheduled("SchedulingGated")))).toBe(false);
	});
});

describe("a container beside the server", () => {
	const beside = (its: Partial<ContainerStatus>) => ({ initContainerStatuses: [{ name: "mesh", ...its }] });
	const said = (its: Partial<ContainerStatus>) => of(pod(waiting("PodInitializing"), beside(its)));

	it.each<[Partial<ContainerStatus>, string]>([
		[{ state: { running: {} } }, "mesh runs"],
		[{ state: { running: {} }, lastState: { terminated: { exitCode: 3 } } }, "mesh runs"],
		[{ state: { terminated: { exitCode: 3 } } }, "mesh exits (exit code 3)"],
		[{ state: { terminated: {} } }, "exit code unknown"],
		[{ ...waiting("CrashLoopBackOff"), lastState: { terminated: { exitCode: 3 } } }, "exit code 3"],
		[waiting("ErrImagePull", "denied"), "ErrImagePull: denied"],
		[waiting("ErrImagePull"), "ErrImagePull"],
	])("%j is waited for", (its, words) => {
		expect(said(its)).toMatchObject({ cause: "container", phase: expect.stringContaining(words) });
		expect(said(its).phase).not.toMatch(/: $/);
	});

	it.each<Partial<ContainerStatus>>([
		{},
		{ ready: true, state: { running: {} } },
		waiting("PodInitializing"),
		waiting("ContainerCreating"),
	])("%j is not", (its) => {
		expect(said(its)).not.toHaveProperty("cause");
	});
});

describe("the trouble of a replica", () => {
	const ended = (terminated: object, more: Partial<ContainerStatus> = {}) =>
		pod({ imageID: "i", state: { running: {} }, lastState: { terminated }, ...more }, ready("False"));

	it.each<[string, Pod | undefined]>([
		["has no pod", undefined],
		["starts", pod({ ...up, started: false })],
		["has ended well", ended({ exitCode: 0 })],
		["is ready again", ended({ exitCode: 7 }, { ready: true })],
		["is about to stop", pod(up, ready("True"), { deletionTimestamp: ago(59) })],
	])("is none where it %s", (_, its) => {
		expect(troubleOf(its, now)).toBeUndefined();
	});

	it.each<[string, Pod, object]>([
		["has ended", ended({ exitCode: 7 }), { cause: "exits", words: expect.stringMatching(/exit code 7\).*again$/) }],
		["has ended nobody knows how", ended({}), { words: expect.stringContaining("unknown") }],
		["has said why", ended({ exitCode: 7, message: "Code: 1" }), { words: expect.stringMatching(/"Code: 1"$/) }],
		["needs more memory", ended({ exitCode: 137, reason: "OOMKilled" }), { cause: "memory" }],
		["can't start", pod(waiting("InvalidImageName")), { cause: "image" }],
		["does not stop", pod(up, ready("True"), { deletionTimestamp: ago(60) }), { cause: "node" }],
	])("is told where it %s", (_, its, trouble) => {
		expect(troubleOf(its, now)).toMatchObject(trouble);
	});
});

it("ready is a pod that says so and is not being deleted", () => {
	expect(isReady(pod(up, ready("True")))).toBe(true);
	expect(isReady(pod(up, ready("False")))).toBe(false);
	expect(isReady(pod(up))).toBe(false);
	expect(isReady({ ...pod(up), status: undefined })).toBe(false);
	expect(isReady(pod(up, ready("True"), { deletionTimestamp: ago(1) }))).toBe(false);
});

it("long words are cut at their end, a log's in the middle, and spaces are one", () => {
	const words = of(pod(waiting("CreateContainerError", `a  \n b${"x".repeat(500)}`))).phase;
	expect(words).toMatch(/: a bx{397}\.\.\.$/);
	expect(lastWords(`${"a".repeat(300)} Error ${"z".repeat(300)}`)).toMatch(/^a{200} \.\.\. z{115}$/);
	expect(lastWords(`Error ${"a".repeat(314)}`)).toMatch(/^Error a{314}$/);
});
