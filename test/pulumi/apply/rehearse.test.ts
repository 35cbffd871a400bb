import { describe, expect, test, vi } from "vitest";
import type { Rehearse } from "../../../src/control/port";
import type { SqlServer, Trial } from "../../../src/control/trial";
import type { Rehearsal } from "../../../src/core/rehearsal";
import type { DbVersion } from "../../../src/core/version";
import { rehearse } from "../../../src/pulumi/apply/rehearse";
import { underClaim } from "../../../src/roll/claim-keeper";
import type { Interruption, RollEvent } from "../../../src/roll/events";
import { StepStopped } from "../../../src/roll/ground";
import { withDefaults } from "../../../src/roll/timing";
import { ScriptedServer } from "../../rehearsal/server";
import { given, v2 } from "../../roll/build";
import { ScriptedControl } from "../../scripted/control";
import { running } from "../engine";
import { scripted } from "../scripted-platform";
import { world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const cancel: Interruption = { kind: "interrupted", by: "cancel" };
const places = [{ name: "node", replicas: ["a-0-0"] }];

/** Asks a server for something, and is asked to end when it gets there. */
type Ask = (what: "start" | "cluster" | "server") => void;

/** A place for trials on scripted servers; `left` says if what was started was removed. */
function placeOf(ask: Ask) {
	const there = { recorded: false, left: true };
	const telling = (server: SqlServer, what: "cluster" | "server"): SqlServer => ({
		rows: (sql) => server.rows(sql).finally(() => ask(what)),
		run: (sql) => server.run(sql).finally(() => ask(what)),
	});
	const start: Trial["start"] = async (stop) => {
		there.left = false;
		ask("start");
		// As a platform does: it waits no longer.
		return stop?.aborted ? { places: [] } : { places, server: telling(new ScriptedServer(), "server") };
	};
	const tries = async (use: Rehearse) => {
		try {
			const trial = { artifact: "image", cluster: telling(new ScriptedServer(), "cluster"), start };
			const found = await use(trial, undefined);
			there.recorded = found !== undefined;
			return found;
		} finally {
			there.left = true;
		}
	};
	return { there, tries };
}

/** Rehearses, and is asked to end at the n-th time that `what` is reached. */
async function askedAt(what: Parameters<Ask>[0] | undefined, n = 1) {
	const world = given([[{}, {}]]);
	const asking = new AbortController();
	let seen = 0;
	const { there, tries } = placeOf((reached) => {
		if (reached === what && ++seen === n) asking.abort(cancel);
	});
	const control = Object.assign(new ScriptedControl(world), {
		rehearse: (_claim: unknown, _to: unknown, _seconds: number, use: Rehearse) => tries(use),
	});
	const events: RollEvent["event"][] = [];
	const report = ({ event }: RollEvent) => void events.push(event);
	const { clock } = world;
	const timing = withDefaults();
	const cluster = await control.observe();
	if (cluster === undefined) throw new Error("no cluster");
	const ended = await underClaim({ control, holder: "the test", clock, timing, report }, (keeper) =>
		rehearse({ control, keeper, clock, timing, report, to: v2, stop: asking.signal }, cluster, { queries: 5 }),
	).catch((error: unknown) => error);
	return { ended, events, ...there };
}

test("a rehearsal that nobody asks to end is recorded", async () => {
	const { ended, events, recorded } = await askedAt(undefined);
	expect(ended).toMatchObject({ places });
	expect(events).toEqual(["rehearsing", "rehearsed"]);
	expect(recorded).toBe(true);
});

test.each([
	["while it reads the cluster", "cluster", 1],
	["while the version starts", "start", 1],
	["while it tries statements", "server", 1],
	["later", "server", 3],
] as const)("one that is asked to end %s ends there, records nothing, and leaves nothing", async (_, what, n) => {
	const { ended, events, recorded, left } = await askedAt(what, n);
	expect(ended).toBeInstanceOf(StepStopped);
	expect((ended as StepStopped).why).toEqual(cancel);
	expect(events).not.toContain("rehearsed");
	expect({ recorded, left }).toEqual({ recorded: false, left: true });
});

describe("a rehearsal of other settings comes before they are stored", () => {
	const wanted = { version: "1.8.0", replicas: 2, scripted: { memory: "8Gi" } };

	/** A platform that rehearses, which is told what its cluster was when it did. */
	async function rehearsing(failure?: Rehearsal["failure"]) {
		const engine = await running("1.8.0", { replicas: 3 });
		const seen: unknown[] = [];
		const rehearse = async (_: unknown, to: DbVersion): Promise<Rehearsal> => {
			const { settings, units, mark } = world().cluster ?? {};
			seen.push({ settings, units: units?.length, mark });
			return { from: to, to, at: "2026-11-30T10:00:00Z", about: "0", places, ...(failure && { failure }) };
		};
		const { control } = scripted.platform;
		vi.spyOn(scripted.platform, "control").mockImplementation((...of) => Object.assign(control(...of), { rehearse }));
		return { engine, seen };
	}
	const before = { settings: JSON.stringify({ folder: "here" }), units: 3, mark: undefined };

	test("one that fails leaves the cluster as it was, unmarked, and says to fix the settings", async () => {
		const { engine, seen } = await rehearsing({ cause: "exits", words: "exits at start" });
		const log = world().log.length;
		const message = await engine.fails(wanted);
		expect(message).toMatch(
			/^1\.8\.0 with the changed settings .* exits at start\. No replica was touched\. Next: fix the settings/,
		);
		expect(message).not.toContain("a later version");
		expect(seen).toEqual([before]);
		expect(
			world()
				.log.slice(log)
				.filter((line) => /^(begin|configure|drain|leave|restart)/.test(line)),
		).toEqual([]);
		// Nothing is unfinished: the maintenance window holds the next try as well.
		expect(world().record()?.mark).toBeUndefined();
		expect(await engine.preview({ version: "1.8.0", replicas: 3 })).toMatchObject({ changes: false });
	});

	test("after one that passes they are stored, and replicas leave and restart", async () => {
		const { engine, seen } = await rehearsing();
		await engine.up(wanted);
		expect(seen).toEqual([before]);
		expect(world().cluster?.units).toHaveLength(2);
		expect(world().cluster?.settings).toContain("8Gi");
	});
});
