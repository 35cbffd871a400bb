import { setTimeout as pause } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { watchUpdates } from "../../../src/cli/watch";
import { underClaim } from "../../../src/roll/claim-keeper";
import { withDefaults } from "../../../src/roll/timing";
import { ScriptedControl } from "../../scripted/control";
import { Engine, running } from "../engine";
import { lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

/** Another size, other settings and another version, all in one `up` of a cluster at 1.7.1. */
const everything = { version: "1.9.0", replicas: 3, scripted: { memory: "4Gi" } };
const everywhere = ["1.9.0", "1.9.0", "1.9.0"];

/** The world's time, in which claims run out; whoever waits by it lets the provider, which has the real clock, do its work. */
const clock = { now: () => world().clock.now(), sleep: () => pause(5) };

/** What is marked as under way each time that the claim is given up, and how often it is taken. */
function claims() {
	const { claims } = world();
	const [claim, release] = [claims.claim.bind(claims), claims.release.bind(claims)];
	const seen = { taken: 0, marksAtRelease: [] as unknown[] };
	vi.spyOn(claims, "claim").mockImplementation((...given) => {
		const taken = claim(...given);
		seen.taken++;
		return taken;
	});
	vi.spyOn(claims, "release").mockImplementation((given) => {
		seen.marksAtRelease.push(world().record()?.mark);
		release(given);
	});
	return seen;
}

test("one up that changes size, settings and version takes the claim once, and gives it up once all is done", async () => {
	const engine = await running("1.7.1");
	lines.length = 0;
	const seen = claims();
	await engine.up(everything);
	expect(versionsNow()).toEqual(everywhere);
	expect(seen).toEqual({ taken: 1, marksAtRelease: [undefined] });
	expect(world().record()).toMatchObject({ replicas: 3 });
	expect(world().record()?.claim).toBeUndefined();
	// It has begun here, and goes on with nothing.
	expect(lines).toContain("a: updating 1.7.1 -> 1.9.0: 3 replicas");
});

test("so does one that goes on with a creation, and then makes what was created larger", async () => {
	const engine = new Engine();
	world().engines.set("1.7.1", { fate: "exits", boots: 20 });
	await engine.fails({ version: "1.7.1" });
	world().engines.set("1.7.1", { boots: 20 });
	const seen = claims();
	await engine.up({ version: "1.7.1", replicas: 3 });
	expect(versionsNow()).toEqual(["1.7.1", "1.7.1", "1.7.1"]);
	expect(seen).toEqual({ taken: 1, marksAtRelease: [undefined] });
});

test("a process that waits for the claim gets it when all is done, and not between two parts of a change", async () => {
	const engine = await running("1.7.1");
	const changing = engine.up(everything);
	await vi.waitFor(() => expect(world().claims.held).toBeDefined(), { interval: 1 });
	const control = new ScriptedControl(world());
	const timing = withDefaults({ claimWaitSeconds: 60 });
	const waited: unknown[] = [];
	const found = await underClaim(
		{ control, holder: "bob", clock, timing, report: ({ event }) => waited.push(event) },
		async () => ({ versions: versionsNow(), mark: world().record()?.mark, done: world().log.length }),
	);
	await changing;
	expect(waited).toEqual(["waiting"]);
	expect(found).toEqual({ versions: everywhere, mark: undefined, done: world().log.length });
});

test("whoever watches sees one update from its beginning to its end", async () => {
	const engine = await running("1.7.1");
	const told: string[] = [];
	const display = { line: (text: string) => void told.push(text), below: () => {} };
	const watching = watchUpdates([{ name: "a", control: new ScriptedControl(world()) }], display, clock);
	await engine.up(everything);
	await watching;
	expect(told.filter((line) => line.includes("is under way, by"))).toHaveLength(1);
	expect(told.filter((line) => line.includes("midway"))).toEqual([]);
	expect(told.at(-1)).toBe("a: done, every replica serves 1.9.0");
});
