import { expect } from "vitest";
import { Claimed, ClaimLost } from "../../src/control/errors";
import type { Claim, ClusterControl } from "../../src/control/port";
import type { Stage, Test } from "./stage";

/** Claims, and the fencing of every change by them. */
export const claims = {
	"a claim excludes every other holder and says who holds it until when": async ({ control, place }) => {
		const before = place.clock.now();
		const claim = await control.claim("ann", 600);
		expect(claim.holder).toBe("ann");
		const refused: unknown = await place
			.control()
			.claim("bob", 600)
			.catch((error: unknown) => error);
		expect(refused).toBeInstanceOf(Claimed);
		const { holder, expires } = refused as Claimed;
		expect(holder).toBe("ann");
		expect(Date.parse(expires)).toBeGreaterThanOrEqual(before + 600_000 - 1000);
		await control.release(claim);
	},

	"a claim is exclusive also when many ask at the same time": async ({ place }) => {
		const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => place.control().claim(`process ${n}`, 600)));
		expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toBeInstanceOf(Claimed);
	},

	"a released claim can be taken, with a greater fence": async ({ control, place }) => {
		const first = await control.claim("ann", 600);
		await control.release(first);
		const second = await place.control().claim("bob", 600);
		expect(second.fence).toBeGreaterThan(first.fence);
	},

	"a claim that ran out can be taken, with a greater fence": async ({ control, place }) => {
		const first = await control.claim("ann", 1);
		const second = await takeOver(place.control(), place.clock);
		expect(second.fence).toBeGreaterThan(first.fence);
	},

	"an extended claim does not run out": async ({ control, place }) => {
		const claim = await control.claim("ann", 1);
		await control.extend(claim, 600);
		await place.clock.sleep(1500);
		await expect(place.control().claim("bob", 600)).rejects.toThrow(Claimed);
	},

	"a claim that ran out still holds while nobody else has taken it": async (stage) => {
		const { control, place } = stage;
		await stage.started();
		const claim = await control.claim("ann", 1);
		await place.clock.sleep(1500);
		await control.extend(claim, 600);
		await control.drain(claim, await first(stage));
		await expect(place.control().claim("bob", 600)).rejects.toThrow(Claimed);
	},

	"releasing a lost claim leaves the new holder's alone": async ({ control, place }) => {
		const old = await control.claim("ann", 1);
		const claim = await takeOver(place.control(), place.clock);
		await control.release(old);
		await control.extend(claim, 600);
		await expect(place.control().claim("cleo", 600)).rejects.toThrow(Claimed);
	},

	"a lost claim can't be extended, and the error says who has it": async ({ control, place }) => {
		const old = await control.claim("ann", 1);
		await takeOver(place.control(), place.clock);
		const error: unknown = await control.extend(old, 600).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(ClaimLost);
		expect((error as ClaimLost).by).toBe("bob");
	},

	"a released claim can't be extended": async ({ control }) => {
		const claim = await control.claim("ann", 600);
		await control.release(claim);
		await expect(control.extend(claim, 600)).rejects.toThrow(ClaimLost);
	},

	"under a lost claim nothing can be changed, and nothing is": async (stage) => {
		const { control, place, versions } = stage;
		await stage.started();
		const replica = await first(stage);
		const old = await control.claim("ann", 1);
		const claim = await takeOver(place.control(), place.clock);
		const before = await stage.observed();
		const record = await control.record();
		const since = new Date(place.clock.now()).toISOString();
		const changes: Record<string, () => Promise<unknown>> = {
			begin: () => control.begin(old, { from: versions.v1, to: versions.v2, since }),
			finish: () => control.finish(old),
			drain: () => control.drain(old, replica),
			undrain: () => control.undrain(old, replica),
			restart: () => control.restart(old, replica, versions.v2),
			create: () => control.create(old, stage.spec()),
			adopt: () => control.adopt(old, "somebody/else/db", "g9"),
			configure: () => control.configure(old, stage.spec()),
			start: () => control.start(old),
			stop: () => control.stop(old),
			wake: () => control.wake(old),
			destroy: () => control.destroy(old, { data: true }),
		};
		for (const [name, change] of Object.entries(changes)) {
			await expect(change(), name).rejects.toThrow(ClaimLost);
		}
		expect(await stage.observed()).toEqual(before);
		expect(await control.record()).toEqual(record);
		await control.extend(claim, 600);
	},
} satisfies Record<string, Test>;

/** Claims for bob as soon as the present claim, which must be of a second, has run out. */
async function takeOver(control: ClusterControl, clock: Stage["place"]["clock"]): Promise<Claim> {
	const deadline = clock.now() + 30_000;
	for (;;) {
		try {
			return await control.claim("bob", 600);
		} catch (error) {
			if (!(error instanceof Claimed) || clock.now() > deadline) throw error;
			await clock.sleep(100);
		}
	}
}

async function first(stage: Stage): Promise<string> {
	return (await stage.observed()).replicas[0]?.name ?? "";
}
