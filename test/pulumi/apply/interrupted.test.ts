import { expect, test, vi } from "vitest";
import { call } from "../../../src/pulumi/host/call";
import type { Interruption } from "../../../src/roll/events";
import { type Engine, running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

/** Another size, other settings and another version, all in one `up` of a cluster at 1.7.1. */
const everything = { version: "1.9.0", replicas: 3, scripted: { memory: "4Gi" } };
const cancel: Interruption = { kind: "interrupted", by: "cancel" };
const urn = "urn:pulumi:s::p::dbcluster:index:DbCluster::a";

/** The message of an `up` that is asked to end when it prints its n-th line; `undefined` if it gets to its end. */
async function askedAt(engine: Engine, n: number, args: object): Promise<string | undefined> {
	const asking = new AbortController();
	if (n === 0) asking.abort(cancel);
	lines.length = 0;
	vi.spyOn(console, "log").mockImplementation((line) => {
		if (lines.push(String(line)) === n) asking.abort(cancel);
	});
	const message = await call.run({ urn, stop: asking.signal }, () => engine.fails({ ...args }));
	return message === "it did not fail" ? undefined : message;
}

const serving = () =>
	world()
		.observe(new Map())
		?.replicas.map((replica) => replica.serving) ?? [];

test("an up that is asked to end before it began changes nothing and leaves no mark", async () => {
	const engine = await running("1.7.1");
	const before = [...world().log];
	const message = await askedAt(engine, 0, everything);
	expect(message).toMatch(/^change of the size of 'a' stopped\. This run was cancelled\. /);
	expect(world().log).toEqual(before);
	expect(world().record()?.mark).toBeUndefined();
});

test("an up that is asked to end leaves all replicas serving, wherever that is, and the next one does the rest", async () => {
	const stopped = new Set<string>();
	let printed = 0;
	for (let n = 0; ; n++) {
		const engine = await running("1.7.1");
		const message = await askedAt(engine, n, everything);
		printed = lines.length;
		expect(serving()).not.toContain(false);
		if (message === undefined) break;
		expect(message).toContain(" This run was cancelled. ");
		expect(message).toContain(" Next: run pulumi up again: it resumes from here.");
		stopped.add(/^.*? stopped/.exec(message)?.[0] ?? message);
		await engine.up(everything);
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0", "1.9.0"]);
		expect(world().record()?.mark).toBeUndefined();
		expect(world().violations).toEqual([]);
		scripted.worlds.clear();
	}
	// It was asked at each line but those after the last that can be ended.
	expect(printed).toBeGreaterThan(5);
	expect([...stopped]).toEqual(["change of the size of 'a' stopped", "update of 'a' to 1.9.0 stopped"]);
});

test("new replicas that do not come up hold nobody who asks to end, and join later", async () => {
	const engine = await running("1.7.1", forward);
	const slow = { boots: 3_600_000 };
	world().engines.set("a-0-2@1.7.1", slow);
	const larger = { version: "1.7.1", replicas: 3, ...forward };
	const asking = new AbortController();
	const ended = call.run({ urn, stop: asking.signal }, () => engine.fails(larger));
	await vi.waitFor(() => world().unit("a-0-2"), { interval: 1 });
	asking.abort(cancel);
	expect(await ended).toBe(
		"change of the size of 'a' stopped. This run was cancelled. a-0-0 and a-0-1 serve 1.7.1: reads and writes work. Next: run pulumi up again: it resumes from here.",
	);
	slow.boots = 20;
	await engine.up(larger);
	expect(serving()).toEqual([true, true, true]);
});
