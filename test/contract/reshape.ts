import { expect } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { Stage, Test } from "./stage";

/** Other settings and another size. */
export const reshape = {
	"what a cluster has already asks for nothing": async (stage) => {
		await stage.started();
		expect(await stage.control.assess(stage.spec())).toEqual(nothing);
		await stage.under((claim) => stage.control.stop(claim));
		await stage.until("Stopped");
		expect(await stage.control.assess(stage.spec())).toEqual(nothing);
	},

	"new replicas join one by one, and are part of the cluster only then": async (stage) => {
		const { control, versions } = stage;
		const before = await stage.started({ replicas: 2 });
		const larger = stage.spec({ replicas: 3 });
		const { joins, leaves, obstacles } = await control.assess(larger);
		expect({ obstacles, leaves, joins: joins.map(({ shard, ordinal }) => [shard, ordinal]) }).toEqual({
			obstacles: [],
			leaves: [],
			joins: [[0, 2]],
		});
		expect(await stage.observed()).toEqual(before);
		await stage.under((claim) => control.configure(claim, larger));
		expect((await stage.observed()).replicas.map(({ name }) => name)).toEqual(before.replicas.map(({ name }) => name));
		expect((await control.assess(larger)).joins).toEqual(joins);
		await joined(stage, larger);
		const { replicas } = await stage.observed();
		expect(replicas[2]).toMatchObject({ ...joins[0], version: versions.v1, openedBy: versions.v1 });
		expect((await control.record())?.replicas).toBe(3);
		await stage.until("Started");
		await stage.under((claim) => control.join(claim, larger));
		expect(await stage.observed()).toMatchObject({ state: "Started" });
	},

	"a new shard joins": async (stage) => {
		const { control } = stage;
		await stage.started({ shards: 1, replicas: 1 });
		const larger = stage.spec({ shards: 2, replicas: 1 });
		await stage.under((claim) => control.configure(claim, larger));
		await joined(stage, larger);
		expect(await stage.until("Started")).toMatchObject({ replicas: [{ shard: 0 }, { shard: 1 }] });
		expect((await control.assess(stage.spec({ shards: 1, replicas: 1 }))).obstacles).toMatchObject([
			{ property: "shards" },
		]);
	},

	"nothing joins or leaves what is stopped": async (stage) => {
		const { control } = stage;
		await stage.started({ replicas: 2 });
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		for (const replicas of [1, 3])
			expect((await control.assess(stage.spec({ replicas }))).obstacles).toMatchObject([{ property: "replicas" }]);
	},

	"a drained replica leaves for good, and may join again": async (stage) => {
		const { control } = stage;
		await stage.started({ replicas: 2 });
		const smaller = stage.spec({ replicas: 1 });
		const { leaves, joins } = await control.assess(smaller);
		expect({ leaves, joins }).toEqual({ leaves: [expect.stringMatching(/-0-1$/)], joins: [] });
		const [name = ""] = leaves;
		await expect(stage.under((claim) => control.configure(claim, smaller))).rejects.toThrow(ControlError);
		await stage.under((claim) => control.remember(claim, name, { tables: 1, digest: "" }));
		await stage.under((claim) => control.drain(claim, name));
		await stage.under((claim) => control.leave(claim, name));
		expect((await stage.observed()).replicas).toHaveLength(1);
		const record = await control.record();
		expect(record?.replicas).toBe(1);
		// What it held is not what a replica of its name must hold that joins later.
		expect(record).not.toHaveProperty("held");
		await stage.under((claim) => control.configure(claim, smaller));
		expect(await stage.until("Started")).toMatchObject({ replicas: [{ ordinal: 0 }] });
		expect(await control.assess(smaller)).toMatchObject({ joins: [], leaves: [] });
		await expect(control.look(name)).rejects.toThrow(ControlError);

		const again = stage.spec({ replicas: 2 });
		await stage.under((claim) => control.configure(claim, again));
		await joined(stage, again);
		expect((await stage.until("Started")).replicas).toHaveLength(2);
	},
} satisfies Record<string, Test>;

const nothing = { obstacles: [], restarts: [], joins: [], leaves: [], rejoins: [] };

async function joined(stage: Stage, spec: ReturnType<Stage["spec"]>): Promise<void> {
	const { clock } = stage.place;
	const deadline = clock.now() + 120_000;
	for (;;) {
		const out = await stage.under((claim) => stage.control.join(claim, spec));
		if (out.length === 0) return;
		if (clock.now() > deadline)
			throw new Error(`${out} did not join: ${JSON.stringify(await stage.control.look(out[0] ?? ""))}`);
		await clock.sleep(100);
	}
}
