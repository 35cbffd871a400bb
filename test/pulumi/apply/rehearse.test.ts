import { expect, test } from "vitest";
import type { Rehearse } from "../../../src/control/port";
import type { SqlServer, Trial } from "../../../src/control/trial";
import { rehearse } from "../../../src/pulumi/apply/rehearse";
import { underClaim } from "../../../src/roll/claim-keeper";
import type { Interruption, RollEvent } from "../../../src/roll/events";
import { StepStopped } from "../../../src/roll/ground";
import { withDefaults } from "../../../src/roll/timing";
import { ScriptedServer } from "../../rehearsal/server";
import { given, v2 } from "../../roll/build";
import { ScriptedControl } from "../../scripted/control";

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
