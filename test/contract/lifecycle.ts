import { expect } from "vitest";
import { ControlError } from "../../src/control/errors";
import { WaitStopped } from "../../src/roll/stopped";
import { untilState } from "../../src/roll/until-state";
import type { Test } from "./stage";

/** Making, starting, stopping, waking, adopting and destroying a cluster. */
export const lifecycle = {
	"where there is no cluster there is no record and nothing to observe": async ({ control }) => {
		expect(await control.record()).toBeUndefined();
		expect(await control.observe()).toBeUndefined();
	},

	"a claim alone makes no cluster": async ({ control }) => {
		await control.claim("ann", 600);
		expect(await control.record()).toBeUndefined();
		expect(await control.observe()).toBeUndefined();
	},

	"a created cluster starts, each replica at the version asked for": async (stage) => {
		const { v1 } = stage.versions;
		const { name } = stage.spec();
		const cluster = await stage.started({ shards: 1, replicas: 3 });
		expect(cluster.name).toBe(name);
		expect(cluster.state).toBe("Started");
		expect(cluster.mark).toBeUndefined();
		expect(cluster.replicas.map(({ shard, ordinal }) => [shard, ordinal])).toEqual([
			[0, 0],
			[0, 1],
			[0, 2],
		]);
		expect(new Set(cluster.replicas.map((replica) => replica.name)).size).toBe(3);
		for (const replica of cluster.replicas) {
			expect(replica).toMatchObject({ version: v1, openedBy: v1, serving: true });
			expect(replica.readOnly).not.toBe(true);
			expect(replica.caughtUp).not.toBe(false);
			expect(replica.trouble).toBeUndefined();
		}
		await stage.place.query?.();
	},

	"observing shows the record by which it saw, so that nobody who observes has to ask for that": async (stage) => {
		const { control } = stage;
		await stage.started();
		const record = await control.record();
		expect(record).toBeDefined();
		expect((await control.observe())?.record).toEqual(record);
	},

	"the record says how updates go as the program last had it": async (stage) => {
		const { control } = stage;
		const stored = async () => (await stage.place.control().record())?.update;
		const [first, second] = [{ drainSeconds: 7 }, { window: { schedule: "0 2 * * 6", minutes: 60 } }];
		await stage.under((claim) => control.create(claim, { ...stage.spec(), update: first }));
		expect(await stored()).toEqual(first);
		await stage.started();
		await stage.under((claim) => control.configure(claim, { ...stage.spec(), update: second }));
		expect(await stored()).toEqual(second);
		// Who knows nothing of it changes nothing of it.
		await stage.under((claim) => control.configure(claim, stage.spec()));
		expect(await stored()).toEqual(second);
	},

	"a creation leaves its mark until it is finished, and is Starting or Started all the while": async (stage) => {
		const { control, versions } = stage;
		await stage.under((claim) => control.create(claim, stage.spec()));
		const first = await stage.place.control().observe();
		expect(["Starting", "Started"]).toContain(first?.state);
		expect(first?.mark).toEqual({ from: versions.v1, to: versions.v1, since: expect.any(String), creates: true });
		expect(Date.parse(first?.mark?.since ?? "")).toBeGreaterThan(0);
		const seen: string[] = [];
		await untilState(
			{
				look: (replica) => control.look(replica),
				observe: async () => {
					const cluster = await control.observe();
					if (cluster !== undefined) seen.push(cluster.state);
					return cluster;
				},
			},
			"Started",
			{ clock: stage.place.clock },
		);
		expect(seen.filter((state) => state !== "Starting")).toEqual(["Started"]);
		// Who creates once more, as after a crash, takes it up: it is not made yet.
		await stage.under((claim) => control.create(claim, { ...stage.spec(), generation: "g2" }));
		expect((await stage.place.control().record())?.mark).toEqual(first?.mark);
		await stage.under((claim) => control.finish(claim));
		expect(await stage.observed()).toMatchObject({ state: "Started" });
		expect((await control.record())?.mark).toBeUndefined();
		// And who creates what is made begins nothing.
		await stage.under((claim) => control.create(claim, { ...stage.spec(), generation: "g3" }));
		expect((await control.record())?.mark).toBeUndefined();
	},

	"a created cluster that does not come up is Degraded and keeps its mark, and a roll ends the creation": async (
		stage,
	) => {
		const { control, versions } = stage;
		await stage.under((claim) => control.create(claim, stage.spec({ version: versions.broken })));
		await expect(stage.until("Started")).rejects.toThrow(WaitStopped);
		const failed = await stage.observed();
		expect(failed).toMatchObject({ state: "Degraded", mark: { to: versions.broken, creates: true } });
		await expect(stage.roll(versions.broken)).rejects.toMatchObject({ stop: { step: 1, of: 2, change: "creation" } });
		expect(await stage.observed()).toMatchObject({ state: "Degraded", mark: failed.mark });
		expect((await stage.roll(versions.v2)).cluster).toMatchObject({ state: "Started" });
		expect((await stage.observed()).replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
		expect((await control.record())?.mark).toBeUndefined();
	},

	"a created cluster starts, each replica of each shard at the version asked for": async (stage) => {
		const { replicas } = await stage.started({ shards: 2, replicas: 2 });
		expect(replicas.map(({ shard, ordinal }) => [shard, ordinal])).toEqual([
			[0, 0],
			[0, 1],
			[1, 0],
			[1, 1],
		]);
		for (const replica of replicas) expect(replica).toMatchObject({ version: stage.versions.v1, serving: true });
		expect((await stage.control.record())?.shards).toBe(2);
	},

	"the record says whose the cluster is and how large, to every process": async (stage) => {
		const cluster = await stage.started();
		const record = await stage.place.control().record();
		expect(record).toMatchObject({ owner: "project/stack/contract", generation: "g1", shards: 1, replicas: 2 });
		expect(record?.openedBy).toEqual(Object.fromEntries(cluster.replicas.map(({ name }) => [name, stage.versions.v1])));
		expect(record?.mark).toBeUndefined();
		expect(record?.claim).toBeUndefined();
	},

	"the record shows the claim": async (stage) => {
		const claim = await stage.control.claim("ann", 600);
		await stage.control.create(claim, stage.spec({ replicas: 1 }));
		expect((await stage.place.control().record())?.claim).toMatchObject({ holder: "ann", fence: claim.fence });
	},

	"creating again changes nothing but the generation": async (stage) => {
		const before = await stage.started();
		const again = { ...stage.spec({ version: stage.versions.v2 }), generation: "g2" };
		await stage.under((claim) => stage.control.create(claim, again));
		expect((await stage.until("Started")).replicas).toEqual(before.replicas);
		expect(await stage.control.record()).toMatchObject({ owner: "project/stack/contract", generation: "g2" });
	},

	"a create that was cut short is taken up by another process": async (stage) => {
		const { place } = stage;
		const claim = await stage.control.claim("a process that dies", 1);
		await stage.control.create(claim, stage.spec());
		const other = place.control();
		await place.clock.sleep(1500);
		const second = await other.claim("the next", 600);
		await other.create(second, stage.spec());
		await other.release(second);
		await stage.until("Started");
		expect(await stage.shown()).toHaveLength(2);
	},

	"another owner's cluster is not created over": async (stage) => {
		const before = await stage.started();
		const foreign = { ...stage.spec(), owner: "somebody/else/db", generation: "g9" };
		await expect(stage.under((claim) => stage.control.create(claim, foreign))).rejects.toThrow(ControlError);
		expect(await stage.observed()).toEqual(before);
		expect(await stage.control.record()).toMatchObject({ owner: "project/stack/contract", generation: "g1" });
	},

	"adopting stamps owner and generation and touches nothing else": async (stage) => {
		const before = await stage.started();
		await stage.under((claim) => stage.control.adopt(claim, "somebody/else/db", "g9"));
		expect(await stage.place.control().record()).toMatchObject({ owner: "somebody/else/db", generation: "g9" });
		expect(await stage.observed()).toEqual(before);
	},

	"configuring with the same settings restarts nothing": async (stage) => {
		const before = await stage.started();
		await stage.under((claim) => stage.control.configure(claim, stage.spec()));
		expect(await stage.observed()).toEqual(before);
	},

	"a stopped cluster stops serving, keeps its versions, and starts again": async (stage) => {
		const { control, versions } = stage;
		await stage.started();
		await stage.under((claim) => control.stop(claim));
		const stopped = await stage.until("Stopped");
		expect(stopped.replicas).toHaveLength(2);
		for (const replica of stopped.replicas) {
			expect(replica).toMatchObject({ version: versions.v1, openedBy: versions.v1, serving: false });
		}
		await stage.under((claim) => control.stop(claim));
		expect((await stage.observed()).state).toBe("Stopped");
		await stage.under((claim) => control.start(claim));
		await stage.until("Started");
		await stage.place.query?.();
	},

	"starting a started cluster does nothing": async (stage) => {
		const before = await stage.started();
		await stage.under((claim) => stage.control.start(claim));
		expect(await stage.observed()).toEqual(before);
	},

	"a drained replica of a cluster that is stopped and started serves again": async (stage) => {
		const { control } = stage;
		const { replicas } = await stage.started();
		await stage.under((claim) => control.drain(claim, replicas[0]?.name ?? ""));
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		await stage.under((claim) => control.start(claim));
		await stage.until("Started");
	},

	"looking at an idle cluster does not wake it; waking does": async (stage) => {
		const { control, place } = stage;
		if (place.idle === undefined) throw new Error("the harness can't idle a cluster: say so in `unsupported`");
		await stage.started();
		await place.idle();
		await stage.until("Idle");
		const { replicas } = await stage.observed();
		for (const { name } of replicas) await control.look(name);
		await control.record();
		expect((await stage.observed()).state).toBe("Idle");
		await stage.under((claim) => control.wake(claim));
		await stage.until("Started");
	},

	"waking a cluster that is not idle does nothing": async (stage) => {
		const before = await stage.started();
		await stage.under((claim) => stage.control.wake(claim));
		expect(await stage.observed()).toEqual(before);
		await stage.under((claim) => stage.control.stop(claim));
		await stage.until("Stopped");
		await stage.under((claim) => stage.control.wake(claim));
		expect((await stage.observed()).state).toBe("Stopped");
	},

	"a destroyed cluster is gone, and its data are found by the next": async (stage) => {
		const { control, versions } = stage;
		await stage.started({ version: versions.v2 });
		await stage.under((claim) => control.destroy(claim, { data: false }));
		expect(await control.record()).toBeUndefined();
		expect(await control.observe()).toBeUndefined();
		// Only data that were found can be in the way of an older version.
		await expect(stage.under((claim) => control.create(claim, stage.spec({ version: versions.v1 })))).rejects.toThrow(
			ControlError,
		);
		await stage.under((claim) => control.create(claim, stage.spec({ version: versions.v2 })));
		await stage.until("Started");
	},

	"a cluster destroyed with its data leaves nothing": async (stage) => {
		const { control, versions } = stage;
		await stage.started({ version: versions.v2 });
		await stage.under((claim) => control.destroy(claim, { data: true }));
		expect(await control.observe()).toBeUndefined();
		await stage.started({ version: versions.v1 });
	},

	"destroying what is not there does nothing": async ({ control }) => {
		const claim = await control.claim("ann", 600);
		await control.destroy(claim, { data: false });
		await control.destroy(claim, { data: true });
		expect(await control.observe()).toBeUndefined();
	},
} satisfies Record<string, Test>;
