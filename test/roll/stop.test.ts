import { describe, expect, it } from "vitest";
import { ClaimLost, ControlError, PlatformError, RecordLost } from "../../src/control/errors";
import type { ClusterControl } from "../../src/control/port";
import type { ObservedCluster } from "../../src/core/cluster";
import { StepStopped } from "../../src/roll/ground";
import { mayGoOn, stopOf, stopped } from "../../src/roll/stop";
import { RollStopped, WaitStopped } from "../../src/roll/stopped";
import { cluster } from "../build";
import { v1, v2 } from "./build";

const down = { serving: false };
const before = cluster("1.7.1 1.7.1");
const place = { change: "version", replica: "analytics-0-1", step: 1, of: 2 } as const;

/** A port that can only be looked at. */
const port = (observe: () => Promise<ObservedCluster | undefined>, writesNeed?: "one" | "all") =>
	({ observe, writesNeed }) as unknown as ClusterControl;
const now = async () => cluster("1.7.1 1.8.0", { but: { "0-1": down } });

describe("what a rollout throws", () => {
	it.each<[string, unknown, RollStopped["stop"]["cause"]]>([
		["the step's own reason", new StepStopped({ kind: "not-safe", others: [] }), { kind: "not-safe", others: [] }],
		["a lost claim", new ClaimLost("ben"), { kind: "claim-lost", by: "ben" }],
		["a lost record", new RecordLost(), { kind: "record-lost" }],
		["a platform that is away", new PlatformError("no route"), { kind: "platform", words: "no route" }],
		["a refusal", new ControlError("no"), { kind: "failed", cause: "refused", words: "no" }],
	])("is, of %s, a stop with what serves now", async (_, error, cause) => {
		const thrown = await stopped(error, port(now), before, v2, place);
		expect(thrown).toBeInstanceOf(RollStopped);
		expect((thrown as RollStopped).cause).toBe(error);
		expect((thrown as RollStopped).stop).toEqual({
			cluster: "analytics",
			to: v2,
			...place,
			cause,
			serving: [{ replica: "analytics-0-0", version: v1 }],
			notServing: [{ replica: "analytics-0-1", version: v2 }],
			reads: true,
			writes: true,
		});
	});

	it("is nothing before it is asked to end, and then a stop before its first step", async () => {
		const cancel = { kind: "interrupted", by: "cancel" } as const;
		const ground = { control: port(now), to: v2 };
		await mayGoOn(ground, before, "size");
		const stop = AbortSignal.abort(cancel);
		await expect(mayGoOn({ ...ground, stop }, before, "size")).rejects.toMatchObject({
			stop: { cause: cancel, change: "size", step: 0, of: 0 },
		});
	});

	it("is a mistake itself", async () => {
		const mistake = new TypeError("undefined is not a function");
		expect(await stopped(mistake, port(now), before, v2, place)).toBe(mistake);
	});

	it("names the replica that the reason is about, where it is another one", async () => {
		const other = new StepStopped({ kind: "wrong-version", runs: v1 }, "analytics-0-0");
		const thrown = (await stopped(other, port(now), before, v2, place)) as RollStopped;
		expect(thrown.stop).toMatchObject({ ...place, replica: "analytics-0-0" });
	});

	it.each<[string, () => Promise<ObservedCluster | undefined>]>([
		[
			"can't be looked at",
			async () => {
				throw new PlatformError("no route");
			},
		],
		["is gone", async () => undefined],
	])("shows what served before, where the cluster %s", async (_, observe) => {
		const thrown = (await stopped(new ClaimLost(undefined), port(observe), before, v2, place)) as RollStopped;
		expect(thrown.stop.notServing).toEqual([]);
	});

	it("knows how many replicas a write needs", async () => {
		const thrown = (await stopped(new ClaimLost(undefined), port(now, "all"), before, v2, place)) as RollStopped;
		expect(thrown.stop).toMatchObject({ reads: true, writes: false });
		expect(stopOf(await now(), v2, { kind: "claim-lost" }, place)).toMatchObject({ reads: true, writes: true });
	});

	it("has for developers the words of its reason, or else its kind", () => {
		const stop = stopOf(before, v2, { kind: "platform", words: "no route" }, place);
		expect(new RollStopped(stop)).toMatchObject({ name: "RollStopped", message: "no route" });
		expect(new RollStopped({ ...stop, cause: { kind: "not-safe", others: [] } }).message).toBe("not-safe");
		const wait = { cluster: "analytics", wanted: "Started", state: "Idle" } as const;
		const stalled = new WaitStopped({ ...wait, cause: { kind: "stalled", phase: "loading", seconds: 1 } });
		expect(stalled).toMatchObject({ name: "WaitStopped", message: "stalled" });
		expect(new StepStopped({ kind: "not-safe", others: [] }).message).toBe("not-safe");
	});
});
