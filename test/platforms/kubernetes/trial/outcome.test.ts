import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerStatus, Pod } from "../../../../src/platforms/kubernetes/api/types";
import type { ApiAnswer, ApiCall } from "../../../../src/platforms/kubernetes/api/wire";
import { endOf, outcome, type TrialWait } from "../../../../src/platforms/kubernetes/trial/outcome";
import { FakeApi } from "../fake-api";
import { clusterOn, within } from "../made";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

type Status = NonNullable<Pod["status"]>;
/** What the pod looks like, by the seconds since it was created. */
type Looks = (seconds: number) => Status | { readonly gone: object | undefined };

interface Ways extends Partial<TrialWait> {
	/** How many seconds later its server answers; never unless given. */
	readonly answersAfter?: number;
}

/** An API server whose pods do as they are told. */
class Trials extends FakeApi {
	readonly start = Date.now();
	constructor(private readonly looks: Looks) {
		super("db");
	}
	seconds = () => (Date.now() - this.start) / 1000;
	override async send(call: ApiCall): Promise<ApiAnswer> {
		if (call.method === "GET" && /\/pods\/db-trial-0$/.test(call.path)) {
			const its = this.looks(this.seconds());
			const pod = this.objects.get("pods/db-trial-0");
			if (!("gone" in its)) Object.assign(pod, { status: its });
			else if (its.gone === undefined) this.objects.delete("pods/db-trial-0");
			else Object.assign(pod.metadata, its.gone);
		}
		const isPing = call.method === "GET" && call.path.endsWith("/proxy/ping");
		return call.path.includes("/proxy") && !isPing ? { status: 404, text: "" } : super.send(call);
	}
}

/** What became of a pod, after how many seconds. */
async function tried(looks: Looks, { answersAfter = Number.POSITIVE_INFINITY, ...more }: Ways = {}) {
	const api = new Trials(looks);
	api.answer = () => {
		if (api.seconds() >= answersAfter) return { status: 200, text: "Ok." };
		return { status: 503, text: JSON.stringify({ kind: "Status", message: "no endpoints" }) };
	};
	const pod = {
		apiVersion: "v1",
		kind: "Pod",
		metadata: { name: "db-trial-0" },
		spec: { containers: [{ name: "server" }] },
	};
	const wait = { what: "start", stallSeconds: 300, pause: 1000, ...more } as const;
	const done = outcome(clusterOn(api), pod, wait).then(
		({ pod: its, ...found }) => ({ ...found, ...(its && { answers: true }), after: api.seconds() }),
		(error: Error) => ({ error: error.message, after: api.seconds() }),
	);
	return within(1_000_000, done);
}

const server = (its: Partial<ContainerStatus>) => ({ containerStatuses: [{ name: "server", ...its }] });
const running = { phase: "Running", ...server({ imageID: "i", started: true, state: { running: {} } }) };
const ready = { ...running, conditions: [{ type: "Ready", status: "True" }] };
const condition = (more: object) => ({ conditions: [{ type: "PodScheduled", status: "False", ...more }] });
const ended = (its: object) => ({ phase: "Failed", ...server({ imageID: "i", state: { terminated: its } }) });
const unpullable = server({ state: { waiting: { reason: "ErrImagePull", message: "manifest unknown" } } });

describe("a pod that tries to start", () => {
	it("has started once its server answers", async () => {
		expect(await tried(() => running, { answersAfter: 5 })).toEqual({ answers: true, after: 5 });
	});

	describe("first its shell", () => {
		const shell = (state: object, more: object = {}) => ({
			...server({ state: { waiting: { reason: "PodInitializing" } } }),
			initContainerStatuses: [{ name: "trial-shell", state }],
			...more,
		});
		const words = "its image runs no shell, which the startup probe of each replica needs";
		const message = 'failed to create containerd task: exec: "sh": executable file not found in $PATH';

		it.each([
			["ends", shell({ terminated: { reason: "StartError", exitCode: 128, message } }, { phase: "Failed" })],
			["is not created", shell({ waiting: { reason: "CreateContainerError", message } }, { phase: "Pending" })],
		])("fails at once where the image has none and its container %s", async (_, status) => {
			const failure = { cause: "image", words: `${words}: ${message}` };
			expect(await tried(() => status)).toEqual({ failure, after: 0 });
		});

		it("shows that the image can't be pulled", async () => {
			const status = shell({ waiting: { reason: "ErrImagePull", message: "manifest unknown" } }, { phase: "Pending" });
			const failure = { cause: "image", words: "its image can't be pulled: manifest unknown" };
			expect(await tried(() => status)).toEqual({ failure, after: 0 });
		});

		it("says nothing while the image is not pulled yet", async () => {
			const waits = shell({
				waiting: {
					reason: "ErrImagePull",
					message: "dial unix /run/snapshotter.sock: connect: no such file or directory",
				},
			});
			expect(await tried((seconds) => (seconds < 3 ? waits : running), { answersAfter: 5 })).toEqual({
				answers: true,
				after: 5,
			});
		});

		it("is waited for, and then its server", async () => {
			const waits = shell({ waiting: { reason: "PodInitializing" } }, { phase: "Pending" });
			const done = { initContainerStatuses: [{ name: "trial-shell", state: { terminated: { exitCode: 0 } } }] };
			const looks = (seconds: number) => (seconds < 2 ? waits : { ...running, ...done });
			expect(await tried(looks, { answersAfter: 5 })).toEqual({ answers: true, after: 5 });
		});
	});

	it("is looked at no more once nobody wants to know", async () => {
		const stop = new AbortController();
		setTimeout(() => stop.abort(), 2500);
		expect(await tried(() => running, { stop: stop.signal })).toEqual({ after: 3 });
	});

	it("fails with what its server said at its end", async () => {
		const its = await tried(() => ended({ exitCode: 70, message: "Code: 36. DB::Exception: no" }));
		expect(its).toMatchObject({ failure: { cause: "exits", words: expect.stringContaining("Code: 36") }, after: 0 });
		const killed = await tried(() => ended({ exitCode: 137, reason: "OOMKilled" }));
		expect(killed).toMatchObject({ failure: { cause: "memory" } });
	});

	it("fails with an image that can't be had", async () => {
		expect(await tried(() => unpullable)).toMatchObject({ failure: { cause: "image" }, after: 0 });
	});

	it("fails without progress, and only then", async () => {
		expect(await tried(() => running, { stallSeconds: 30 })).toMatchObject({
			failure: { cause: "exits", words: expect.stringContaining("30 seconds") },
			after: 31,
		});
		// It pulls its image for 25 seconds, then starts for 25.
		const slow: Looks = (seconds) => (seconds < 25 ? server({ state: { waiting: {} } }) : running);
		expect(await tried(slow, { stallSeconds: 30, answersAfter: 50 })).toEqual({ answers: true, after: 50 });
		expect(await tried(slow, { stallSeconds: 30 })).toMatchObject({ failure: {}, after: 56 });
	});

	it("says nothing while its server is Ready and out of reach, after ten seconds of that in a row", async () => {
		expect(await tried(() => ready)).toEqual({ after: 11 });
		expect(await tried(() => ready, { answersAfter: 10 })).toEqual({ answers: true, after: 10 });
		const shaky: Looks = (seconds) => (seconds === 8 ? running : ready);
		expect(await tried(shaky)).toEqual({ after: 20 });
	});
});

describe("a pod that has no room", () => {
	const full = condition({
		reason: "Unschedulable",
		message: "Insufficient cpu",
		lastTransitionTime: "2020-01-01T00:00:00Z",
	});

	it("is left out at once where it stays so", async () => {
		expect(await tried(() => full)).toEqual({ leftOut: expect.stringMatching(/^db-trial-0: .*cpu/), after: 0 });
	});

	it("is left out after twenty seconds where it may pass", async () => {
		const waits = condition({ message: "Insufficient cpu" });
		expect(await tried(() => waits)).toEqual({ leftOut: expect.stringContaining("cpu"), after: 21 });
		const passes: Looks = (seconds) => (seconds < 20 ? waits : running);
		expect(await tried(passes, { answersAfter: 22 })).toEqual({ answers: true, after: 22 });
		// Of anything else it is no matter how long it takes.
		const creating = server({ state: { waiting: { reason: "CreateContainerConfigError", message: "timed out" } } });
		expect(await tried(() => creating, { answersAfter: 40 })).toEqual({ answers: true, after: 40 });
	});

	it.each(["OutOfcpu", "OutOfmemory", "DeadlineExceeded", "Evicted", "NodeAffinity", "UnexpectedAdmissionError"])(
		"is left out where its node says %s",
		async (reason) => {
			expect(await tried(() => ({ phase: "Failed", reason }))).toMatchObject({
				leftOut: expect.stringContaining("db-trial-0"),
				after: 0,
			});
		},
	);

	it("is none where its node says something else", async () => {
		expect(await tried(() => ({ phase: "Failed", reason: "NotOutOf" }))).toMatchObject({ failure: { cause: "exits" } });
	});
});

describe("a pod that only runs the program of an image", () => {
	const image = { what: "image" } as const;

	it("is done once the program has ended, well or not", async () => {
		expect(await tried((seconds) => (seconds < 3 ? running : { phase: "Succeeded" }), image)).toEqual({ after: 3 });
		expect(await tried(() => ended({ exitCode: 1, message: "unknown option" }), image)).toEqual({ after: 0 });
	});

	it("is done also where another container, as of a service mesh, goes on", async () => {
		const done = { phase: "Running", ...server({ imageID: "i", state: { terminated: { exitCode: 0 } } }) };
		expect(await tried((seconds) => (seconds < 3 ? running : done), image)).toEqual({ after: 3 });
	});

	it("does not wait for a server, nor take the end of a program for a start", async () => {
		expect(await tried(() => running, { ...image, answersAfter: 0, stallSeconds: 9 })).toMatchObject({
			failure: {},
			after: 10,
		});
		expect(await tried(() => ({ phase: "Succeeded" }), { stallSeconds: 9 })).toMatchObject({ failure: {}, after: 10 });
	});

	it("fails only where the image can't run at all", async () => {
		expect(await tried(() => unpullable, image)).toMatchObject({ failure: { cause: "image" } });
		const config = server({ state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x"' } } });
		expect(await tried(() => config, image)).toMatchObject({ failure: { cause: "configuration" } });
		const exec = ended({ exitCode: 128, message: "Exec format error" });
		expect(await tried(() => exec, image)).toMatchObject({
			failure: { words: expect.stringContaining("Exec format") },
		});
	});
});

describe("a pod that is taken away", () => {
	it.each<[string, object | undefined]>([
		["is gone", undefined],
		["is another one", { uid: "other" }],
		["is being deleted", { deletionTimestamp: "2026-11-23T10:00:00Z" }],
	])("is an error: it %s", async (_, gone) => {
		expect(await tried((seconds) => (seconds < 2 ? running : { gone }))).toEqual({
			error: expect.stringContaining("db-trial-0"),
			after: 2,
		});
	});
});

describe("a pod that the API server refuses", () => {
	const refused = async (status: number, message: string) => {
		const api = new FakeApi("db");
		const cluster = clusterOn(api);
		api.failure = { status, text: JSON.stringify({ kind: "Status", message }) };
		const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "db-trial-0" } };
		return outcome(cluster, pod, { what: "start", stallSeconds: 300, pause: 1000 }).catch((error: Error) => error.name);
	};

	it.each([
		[403, 'pods is forbidden: User "u" cannot create resource "pods"'],
		[403, "pods is forbidden: exceeded quota: compute"],
		[403, "pods is forbidden: failed quota: compute: must specify limits.cpu"],
		[403, "pods is forbidden: maximum cpu usage per Container is 1"],
		[403, "pods is forbidden: memory max limit to request ratio per Container is 4, but provided ratio is 256.000000"],
	])("is left out for what says nothing of the version: %i, %s", async (status, message) => {
		expect(await refused(status, message)).toEqual({ leftOut: expect.stringContaining(message) });
	});

	it.each([
		[403, "violates PodSecurity"],
		[422, "Pod is invalid: spec.containers"],
		[500, "admission webhook denied the request"],
	])("fails for a policy, and for what is wrong with it: %i, %s", async (status, message) => {
		expect(await refused(status, message)).toEqual({
			failure: { cause: "admission", words: expect.stringContaining(message) },
		});
	});

	it.each<[string, string | undefined, object]>([
		[
			"the image that runs, too, and is left out",
			"denied the request: no label",
			{ leftOut: expect.stringContaining("no") },
		],
		["the new image only, and fails", undefined, { failure: { cause: "admission" } }],
		["what can't be tried, and fails", "webhook does not support dry run", { failure: { cause: "admission" } }],
	])("is asked about once more: a policy forbids %s", async (_, asNow, expected) => {
		const api = new FakeApi("db");
		const pod = (image: string) => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "db-trial-0" }, image });
		api.send = async ({ method, path, body = "" }) => {
			expect([method, path.includes("dryRun=All")]).toEqual(["POST", body.includes('"old"')]);
			const message = body.includes('"old"') ? asNow : "denied the request: no";
			if (message === undefined) return { status: 201, text: body };
			return { status: 400, text: JSON.stringify({ kind: "Status", message }) };
		};
		const wait = { what: "start", stallSeconds: 300, pause: 1000, asNow: pod("old") } as const;
		expect(await outcome(clusterOn(api), pod("new"), wait)).toMatchObject(expected);
	});

	it("is an error where the API server is away", async () => {
		expect(await refused(500, "etcd is away")).toBe("PlatformError");
	});

	it("is an error where it can't tell what went wrong", async () => {
		const api = new FakeApi("db");
		const cluster = clusterOn(api);
		api.send = () => Promise.reject(new TypeError("bug"));
		const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "db-trial-0" } };
		const done = outcome(cluster, pod, { what: "start", stallSeconds: 300, pause: 1000 });
		await expect(done).rejects.toThrow("bug");
	});
});

describe("the end of a pod", () => {
	const podWith = (status: Status): Pod => ({ metadata: { name: "x" }, spec: { containers: [] }, status });

	it("is none before it", () => {
		expect(endOf(undefined)).toBeUndefined();
		expect(endOf(podWith(running))).toBeUndefined();
		expect(endOf(podWith({ phase: "Succeeded" }))).toBeUndefined();
	});

	it("is its server's", () => {
		expect(endOf(podWith(ended({ exitCode: 3 })))).toMatchObject({
			cause: "exits",
			words: expect.stringContaining("3"),
		});
		expect(endOf(podWith({ phase: "Failed", ...unpullable }))).toMatchObject({ cause: "image" });
		// Another container goes on.
		const alone = { phase: "Running", ...server({ imageID: "i", state: { terminated: { exitCode: 0 } } }) };
		expect(endOf(podWith(alone))).toMatchObject({ words: expect.stringContaining("exit code 0") });
	});
});
