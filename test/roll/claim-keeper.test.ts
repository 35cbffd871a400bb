import { describe, expect, it } from "vitest";
import { Claimed, ClaimLost } from "../../src/control/errors";
import type { Claim } from "../../src/control/port";
import { type ClaimKeeper, underClaim, whileKeeping } from "../../src/roll/claim-keeper";
import type { RollEvent } from "../../src/roll/events";
import { VirtualClock } from "../scripted/clock";

const claim = { fence: 7 } as unknown as Claim;

/** A port of nothing but the claim: what was called, after how many seconds. */
function claimed(answers: Partial<Record<"claim" | "extend" | "release", (call: number) => void>> = {}) {
	const clock = new VirtualClock();
	const start = clock.now();
	const calls: (readonly [what: string, at: number, ...args: unknown[]])[] = [];
	const events: RollEvent[] = [];
	const act = (what: "claim" | "extend" | "release", ...args: unknown[]) => {
		calls.push([what, (clock.now() - start) / 1000, ...args]);
		answers[what]?.(calls.filter(([its]) => its === what).length);
	};
	const control = {
		async claim(holder: string, seconds: number) {
			act("claim", holder, seconds);
			return claim;
		},
		async extend(its: Claim, seconds: number) {
			act("extend", its, seconds);
		},
		async release(its: Claim) {
			act("release", its);
		},
	};
	const report = (event: RollEvent) => void events.push(event);
	const timing = { claimSeconds: 30, claimWaitSeconds: 45 };
	const under = <T>(work: (keeper: ClaimKeeper) => Promise<T>) =>
		underClaim({ control, holder: "ann", clock, timing, report }, work);
	return { clock, calls, events, under, seconds: () => (clock.now() - start) / 1000 };
}

describe("work under a claim", () => {
	it("is done with the claim, which is released at its end", async () => {
		const { under, calls } = claimed();
		expect(await under((keeper) => keeper.change(async (its) => its))).toBe(claim);
		expect(calls).toEqual([
			["claim", 0, "ann", 30],
			["release", 0, claim],
		]);
	});

	it("that fails keeps its own error, though the claim can't be released", async () => {
		const { under, calls } = claimed({
			release: () => {
				throw new Error("unreachable");
			},
		});
		const failing = under(async () => {
			throw new Error("its own");
		});
		await expect(failing).rejects.toThrow("its own");
		expect(calls.at(-1)?.[0]).toBe("release");
	});

	it("renews the claim once a third of its time is over, counted from the last renewal", async () => {
		const { under, calls, clock } = claimed();
		await under(async (keeper) => {
			for (const pause of [9.999, 0.001, 9.999, 0.001]) {
				await clock.sleep(pause * 1000);
				await keeper.renew();
			}
		});
		expect(calls.filter(([what]) => what === "extend")).toEqual([
			["extend", 10, claim, 30],
			["extend", 20, claim, 30],
		]);
	});

	it("renews the claim at once where told, and only once for all who ask meanwhile", async () => {
		const { under, calls } = claimed();
		await under(async (keeper) => {
			await Promise.all([keeper.renew("now"), keeper.renew("now")]);
			await keeper.renew();
			await keeper.renew("now");
		});
		expect(calls.map(([what]) => what)).toEqual(["claim", "extend", "extend", "release"]);
	});

	it("changes nothing more once the claim is lost, whoever noticed it", async () => {
		const lose = () => {
			throw new ClaimLost("ben");
		};
		for (const notice of [(keeper: ClaimKeeper) => keeper.renew("now"), (keeper: ClaimKeeper) => keeper.change(lose)]) {
			const { under, calls } = claimed({ extend: lose });
			let changes = 0;
			await under(async (keeper) => {
				await expect(notice(keeper)).rejects.toThrow(ClaimLost);
				const before = calls.length;
				await expect(keeper.renew()).rejects.toThrow(ClaimLost);
				await expect(keeper.renew("now")).rejects.toThrow(ClaimLost);
				await expect(keeper.change(async () => changes++)).rejects.toThrow(ClaimLost);
				expect(calls).toHaveLength(before);
			});
			expect(changes).toBe(0);
		}
	});

	it("goes on after a change that failed for another reason", async () => {
		const { under } = claimed();
		await under(async (keeper) => {
			const failing = keeper.change(async () => {
				throw new Error("no such replica");
			});
			await expect(failing).rejects.toThrow("no such replica");
			expect(await keeper.change(async () => "done")).toBe("done");
		});
	});
});

describe("a claim that another has", () => {
	const held = (holder: string) => new Claimed(holder, "2026-01-01T00:00:30.000Z");

	it("is asked for once a second, and each holder is named once", async () => {
		const { under, calls, events } = claimed({
			claim: (call) => {
				if (call <= 2) throw held("ben");
				if (call === 3) throw held("cleo");
			},
		});
		await under(async () => {});
		expect(calls.filter(([what]) => what === "claim").map(([, at]) => at)).toEqual([0, 1, 2, 3]);
		expect(events).toEqual(
			["ben", "cleo"].map((holder) => ({ event: "waiting", holder, expires: "2026-01-01T00:00:30.000Z" })),
		);
	});

	it("is waited for as long as was told, and nothing is done", async () => {
		const { under, seconds } = claimed({
			claim: () => {
				throw held("ben");
			},
		});
		await expect(under(async () => expect.unreachable())).rejects.toThrow(Claimed);
		expect(seconds()).toBe(45);
	});

	it("is not waited for where the platform says something else", async () => {
		const { under, seconds, calls } = claimed({
			claim: () => {
				throw new Error("unreachable");
			},
		});
		await expect(under(async () => expect.unreachable())).rejects.toThrow("unreachable");
		expect(seconds()).toBe(0);
		expect(calls).toHaveLength(1);
	});
});

describe("one long piece of work", () => {
	it("has its claim renewed meanwhile, and no longer", async () => {
		const { under, calls, clock } = claimed();
		const found = await under(async (keeper) => {
			const work = async () => {
				await clock.sleep(25_500);
				return "found";
			};
			const its = await whileKeeping(keeper, clock, work);
			await clock.sleep(60_000);
			return its;
		});
		expect(found).toBe("found");
		expect(calls.filter(([what]) => what === "extend").map(([, at]) => at)).toEqual([10, 20]);
	});

	it("ends as soon as the claim is lost", async () => {
		const { under, clock, seconds } = claimed({
			extend: () => {
				throw new ClaimLost("ben");
			},
		});
		const ended = under((keeper) => whileKeeping(keeper, clock, () => clock.sleep(3_600_000)));
		await expect(ended).rejects.toThrow(ClaimLost);
		expect(seconds()).toBe(10);
	});

	it("throws its own error", async () => {
		const { under, clock } = claimed();
		const ended = under((keeper) =>
			whileKeeping(keeper, clock, async () => {
				throw new Error("its own");
			}),
		);
		await expect(ended).rejects.toThrow("its own");
	});
});
