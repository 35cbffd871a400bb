import { describe, expect, it } from "vitest";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { environment, Space, unavailable, versions } from "./harness";
import { startWatched } from "./watched";

const topology = { shards: 1, replicas: 2 };
const errors = 0.05;

/** Old servers log no queries by default. */
const { configRoot } = environment;
const users = {
	"logged.xml": `<${configRoot}><profiles><default><log_queries>1</log_queries></default></profiles></${configRoot}>`,
};

/** Rolls with a hold while clients ask both replicas; `during` is done once the first one is compared. */
async function held(space: Space, seconds: number, during: () => void = () => {}) {
	const { control, sampler, stop } = await startWatched(space, topology, space.settings({ users }));
	const events: RollEvent[] = [];
	const report = (event: RollEvent) => {
		events.push(event);
		if (event.event === "comparing") during();
	};
	const rolling = roll({ control, to: versions.v2, holder: "the test", canary: { seconds, errors }, report });
	const error = await rolling.then(
		() => undefined,
		(reason: Error) => reason,
	);
	await stop();
	return { control, error, events, replaced: sampler.replaced };
}

describe.skipIf(unavailable !== undefined)("a hold after the first replica, by the servers' own query_log", () => {
	it("passes where queries end alike on both, and the second replica follows after it", async () => {
		const space = await Space.open();
		try {
			const { error, events, replaced } = await held(space, 30);
			expect(error).toBeUndefined();
			const of = (kind: RollEvent["event"]) => events.findIndex(({ event }) => event === kind);
			const second = events.findIndex((it) => it.event === "draining" && it.replica === "db-0-0");
			expect(of("comparing")).toBeGreaterThan(0);
			expect(of("compared")).toBeGreaterThan(of("comparing"));
			expect(second).toBeGreaterThan(of("compared"));
			// How many queries there were depends on the machine.
			const verdict = expect.stringMatching(/^(alike|too-few)$/);
			expect(events[of("compared")]).toMatchObject({ replica: "db-0-1", result: { verdict } });
			expect(replaced).toEqual(["db-0-1", "db-0-0"]);
		} finally {
			await space.close();
		}
	});

	it("stops where more of them fail on the new one, with the figures; the next update goes on", async () => {
		const space = await Space.open();
		let on = true;
		try {
			const failing = async () => {
				while (on) await space.queryPod("db-0-1", "SELECT * FROM nowhere").catch(() => {});
			};
			const { control, error, replaced } = await held(space, 300, () => void failing());
			on = false;
			expect(error).toMatchObject({ stop: { cause: { kind: "worse", code: 60, than: ["db-0-0"] } } });
			expect(replaced).toEqual(["db-0-1"]);
			const stopped = await control.observe();
			expect(stopped?.mark).toMatchObject({ to: versions.v2 });
			expect(stopped?.replicas.every(({ serving }) => serving)).toBe(true);
			await roll({ control, to: versions.v2, holder: "the test" });
			expect((await control.observe())?.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
		} finally {
			on = false;
			await space.close();
		}
	});
});
