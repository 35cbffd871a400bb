import { describe, expect, it } from "vitest";
import { given, run, shown, v2, v3 } from "./build";

/** A second or two, on a machine that has nothing else to do. */
const timeout = 300_000;

describe.each([
	["one shard of three", [[{}, {}, {}]], "running"],
	[
		"two shards of two",
		[
			[{}, {}],
			[{}, {}],
		],
		"running",
	],
	["one replica", [[{}]], "running"],
	["idle", [[{}, {}]], "idle"],
	["stopped", [[{}, {}]], "stopped"],
	["one broken", [[{ is: "killed" }, {}]], "running"],
] as const)("a roll of %s that is killed", (_, shards, mode) => {
	it("at any call is finished by the next", { timeout }, async () => {
		const whole = given(shards, { mode });
		expect((await run(whole, v2)).crashed).toBe(false);
		for (let call = 0; call < whole.calls; call++) {
			for (const when of ["before", "after"] as const) {
				const world = given(shards, { mode });
				const first = await run(world, v2, { faults: { [call]: { kind: "crash", when } } });
				expect(first.crashed, `${when} call ${call}`).toBe(true);
				const { error } = await run(world, v2);
				expect(error, `${when} call ${call}`).toBeUndefined();
				await world.clock.sleep(60_000);
				expect(world.violations, `${when} call ${call}`).toEqual([]);
				const serves = mode === "stopped" ? "down" : "serves";
				expect(shown(world).every((line) => line.endsWith(`1.8.0 ${serves}`))).toBe(true);
				expect(world.record()).toMatchObject({ owner: "o" });
				expect(world.record()?.mark).toBeUndefined();
				expect(world.record()?.claim).toBeUndefined();
			}
		}
	});

	it("at any call, and again at any of the next roll's, is finished by the third", { timeout }, async () => {
		const whole = given(shards, { mode });
		await run(whole, v2);
		for (let call = 0; call < whole.calls; call += 3) {
			for (let later = 0; later < 40; later += 4) {
				const world = given(shards, { mode });
				await run(world, v2, { faults: { [call]: { kind: "crash", when: "after" } } });
				await run(world, v2, { faults: { [world.calls + later]: { kind: "crash", when: "before" } } });
				const { error } = await run(world, v3);
				expect(error, `call ${call}, then ${later}`).toBeUndefined();
				expect(world.violations).toEqual([]);
				expect(shown(world).every((line) => line.includes("1.10.0"))).toBe(true);
			}
		}
	});
});
