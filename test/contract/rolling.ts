import { expect } from "vitest";
import { RollStopped } from "../../src/roll/stopped";
import type { Test } from "./stage";

/** Whole updates by src/roll. */
export const rolling = {
	"a roll takes every replica to the target, the highest ordinal first, and leaves no mark": async (stage) => {
		const { control, versions } = stage;
		const { replicas } = await stage.started();
		const { cluster, steps } = await stage.roll(versions.v2);
		expect(steps).toBe(2);
		expect(cluster.state).toBe("Started");
		for (const replica of cluster.replicas) {
			expect(replica).toMatchObject({ version: versions.v2, openedBy: versions.v2, serving: true });
		}
		expect(stage.events.flatMap((event) => (event.event === "serving" ? [event.replica] : []))).toEqual(
			replicas.map(({ name }) => name).reverse(),
		);
		const record = await control.record();
		expect(record?.mark).toBeUndefined();
		expect(record?.claim).toBeUndefined();
		await stage.place.query?.();
	},

	"a roll of shards with one replica each": async (stage) => {
		await stage.started({ shards: 2, replicas: 1 });
		const { cluster } = await stage.roll(stage.versions.v2);
		expect(cluster.replicas.map(({ version }) => version)).toEqual([stage.versions.v2, stage.versions.v2]);
	},

	"a roll to what already runs does nothing": async (stage) => {
		const before = await stage.started();
		expect(await stage.roll(stage.versions.v1)).toMatchObject({ steps: 0 });
		expect(await stage.observed()).toEqual(before);
	},

	"a roll to a version that can't start stops at the first replica, and one to a later version goes on": async (
		stage,
	) => {
		const { control, versions } = stage;
		const { replicas } = await stage.started();
		const [low, high] = replicas.map(({ name }) => name);
		const error: unknown = await stage.roll(versions.broken).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(RollStopped);
		const { stop } = error as RollStopped;
		expect(stop).toMatchObject({ replica: high, step: 1, of: 2, to: versions.broken, reads: true });
		expect(stop.cause).toMatchObject({ kind: "failed" });
		expect(stop.serving).toEqual([{ replica: low, version: versions.v1 }]);
		expect((await control.record())?.mark).toMatchObject({ from: versions.v1, to: versions.broken });
		expect((await control.record())?.claim).toBeUndefined();
		await stage.place.query?.();

		const { cluster } = await stage.roll(versions.v3);
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v3, versions.v3]);
		expect((await control.record())?.mark).toBeUndefined();
	},

	"a stopped cluster is updated while it is stopped, and starts with the target": async (stage) => {
		const { control, versions } = stage;
		await stage.started();
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		const { cluster } = await stage.roll(versions.v2);
		expect(cluster.state).toBe("Stopped");
		expect(cluster.mark).toBeUndefined();
		await stage.under((claim) => control.start(claim));
		const started = await stage.until("Started");
		expect(started.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
	},

	"an idle cluster is woken, updated, and left started": async (stage) => {
		const { place, versions } = stage;
		if (place.idle === undefined) throw new Error("the harness can't idle a cluster: say so in `unsupported`");
		await stage.started();
		await place.idle();
		await stage.until("Idle");
		const { cluster } = await stage.roll(versions.v2);
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
	},

	"a killed replica is updated first, and ends up serving": async (stage) => {
		const { place, versions } = stage;
		const { replicas } = await stage.started();
		await place.kill(replicas[0]?.name ?? "");
		const { cluster } = await stage.roll(versions.v2);
		expect(cluster.state).toBe("Started");
		expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
	},
} satisfies Record<string, Test>;
