import { expect } from "vitest";
import { lackedBy, lostSince } from "../../src/core/holdings";
import { digestOf } from "../../src/roll/missing-tables";
import type { Stage, Test } from "./stage";

/** What replicas hold, and what is kept of that while they are out. */
export const holds = {
	"replicas of a shard that hold the same say the same, before and after a restart": async (stage) => {
		const { control, place, versions } = stage;
		const [one, other] = await two(stage);
		await place.makeTable("held");
		const before = await holdings(stage, one);
		expect(before.tables.map(({ name }) => name)).toContain("held");
		const theirs = await holdings(stage, other);
		expect([...lackedBy(before, theirs), ...lackedBy(theirs, before)]).toEqual([]);
		expect(digestOf(before)).toEqual(digestOf(theirs));

		await stage.under((claim) => control.drain(claim, one));
		// Out of the endpoints it can be asked all the same.
		expect(await control.holds(one)).toEqual(before);
		await stage.under((claim) => control.restart(claim, one, versions.v2));
		await stage.lookUntil(one, ({ replica }) => replica.serving && replica.version === versions.v2);
		const after = await holdings(stage, one);
		expect(lostSince(before, after)).toEqual([]);
		expect(digestOf(after)).toEqual(digestOf(before));
	},

	"a stopped replica can't be asked what it holds": async (stage) => {
		const { control } = stage;
		const [one] = await two(stage);
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		expect(await control.holds(one)).toBeUndefined();
		await expect(control.holds("nobody")).rejects.toThrow();
	},

	"what a replica held is remembered for every process until it is forgotten": async (stage) => {
		const { control, place } = stage;
		const [one, other] = await two(stage);
		expect(await control.record()).not.toHaveProperty("held");
		const digest = { tables: 3, digest: "0123456789abcdef", localTables: ["default.loc"] };
		await stage.under((claim) => control.remember(claim, one, digest));
		await stage.under((claim) => control.remember(claim, other, { tables: 0, digest: "" }));
		await stage.under((claim) => control.remember(claim, one, digest));
		expect((await place.control().record())?.held).toEqual({ [one]: digest, [other]: { tables: 0, digest: "" } });
		await stage.under((claim) => control.remember(claim, other, undefined));
		expect((await place.control().record())?.held).toEqual({ [one]: digest });
		for (let twice = 0; twice < 2; twice++) await stage.under((claim) => control.remember(claim, one, undefined));
		expect(await place.control().record()).not.toHaveProperty("held");
	},
} satisfies Record<string, Test>;

async function two(stage: Stage): Promise<[string, string]> {
	const [other, one] = (await stage.started({ replicas: 2 })).replicas.map(({ name }) => name);
	return [one ?? "", other ?? ""];
}

async function holdings(stage: Stage, replica: string) {
	const found = await stage.control.holds(replica);
	if (found === undefined) throw new Error(`${replica} does not say what it holds`);
	return found;
}
