import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { ClusterSpec } from "../../src/control/port";
import * as provider from "../../src/pulumi/provider";
import { readOrder } from "../../src/words/order";
import { v } from "../build";
import { Engine, type Properties, text } from "./engine";
import { scripted } from "./scripted-platform";
import { forward, lines, world } from "./stage";

vi.mock("../../src/pulumi/args/platforms", () => import("./scripted-platform.ts"));

/** No time goes by but what is slept, and that in no time. */
vi.mock("../../src/roll/clock", async (original) => {
	let now = Date.now();
	const sleep = async (milliseconds: number) => {
		now += milliseconds;
		await new Promise(setImmediate);
	};
	return { ...(await original<object>()), systemClock: { now: () => now, sleep } };
});

/** What a program says. */
interface Program {
	readonly version: string;
	readonly shards: number;
	readonly replicas: number;
	readonly memory: string;
	readonly desiredState?: string | undefined;
}

const before: fc.Arbitrary<Program> = fc.record({
	version: fc.constantFrom("1.7.1", "1.7.1", "1.8.0"),
	shards: fc.constantFrom(1, 1, 2),
	replicas: fc.integer({ min: 1, max: 3 }),
	memory: fc.constantFrom("1Gi", "2Gi"),
	desiredState: fc.constantFrom(undefined, undefined, undefined, "Started", "Stopped"),
});

/** What of it changes. */
const changes: fc.Arbitrary<Partial<Program>> = fc.record(
	{
		version: fc.constantFrom("1.8.0", "1.9.0", "1.9.0", "1.7.1"),
		shards: fc.constantFrom(2, 2, 2, 1),
		replicas: fc.integer({ min: 1, max: 3 }),
		memory: fc.constantFrom("1Gi", "2Gi"),
		desiredState: fc.constantFrom("Started", "Stopped", undefined),
	},
	{ requiredKeys: [] },
);

const change = fc.oneof({ weight: 1, arbitrary: fc.constant<Partial<Program>>({}) }, { weight: 5, arbitrary: changes });

/** Replicas, each by whether its place in the list is drawn. */
const some = (...of: boolean[]) => fc.array(fc.constantFrom(...of), { minLength: 6, maxLength: 6 });

/** What others, or an earlier run that died, did to a cluster. */
const happened = fc.record(
	{
		/** Who stops it did so past the program; an idle one was left alone. */
		mode: fc.constantFrom("stopped" as const, "idle" as const),
		/** An update that died when some replicas had the target and the settings. */
		unfinished: fc.record({
			to: fc.constantFrom("1.7.1", "1.8.0", "1.9.0"),
			memory: fc.constantFrom("1Gi", "2Gi"),
			moved: some(false, true),
			/** By so many replicas it was to grow, which were made and not let in. */
			joining: fc.constantFrom(0, 0, 1),
		}),
		/** The number of replicas that others ask for. */
		scaled: fc.integer({ min: 1, max: 4 }),
		killed: some(false, false, false, false, false, false, true),
	},
	{ requiredKeys: [] },
);
const since = fc.oneof({ weight: 1, arbitrary: fc.constant<Since>({}) }, { weight: 3, arbitrary: happened });
type Since = typeof happened extends fc.Arbitrary<infer T> ? T : never;

const argsOf = ({ memory, ...args }: Program): Properties => ({ ...args, ...forward, scripted: { memory } });

async function made(before: Program, since: Since): Promise<Engine> {
	scripted.worlds.clear();
	const engine = new Engine();
	await engine.up(argsOf(before));
	const cluster = world().present();
	if (since.unfinished !== undefined && since.unfinished.to >= before.version) {
		const { to, memory, moved, joining } = since.unfinished;
		cluster.mark = { from: v(before.version), to: v(to), since: "2026-11-23T10:00:00.000Z" };
		const { settings: _, ...rest } = JSON.parse(cluster.settings) as Properties;
		const spec = { ...before, settings: { ...rest, memory } } as unknown as ClusterSpec;
		const runs = cluster.mode === "running";
		if (runs) world().configure(spec);
		for (const [index, unit] of cluster.units.entries()) {
			if (!moved[index]) continue;
			unit.version = v(to);
			if (runs) world().boot(unit);
		}
		if (runs) world().configure({ ...spec, replicas: before.replicas + joining });
	}
	if (since.mode !== undefined && cluster.mode === "running") world().halt(since.mode);
	if (cluster.mode === "running") {
		if (since.scaled !== undefined) world().scale(since.scaled);
		for (const [index, { name, scaled }] of cluster.units.entries())
			if (since.killed?.[index] && scaled === undefined) world().kill(name);
	}
	// All that starts has started.
	await world().clock.sleep(1000);
	world().log.length = 0;
	return engine;
}

/** The names of a line of the caveats, such as `a-0-2 and a-0-1, for good; ...`. */
const namesIn = (line = "") => line.split(";")[0]?.match(/a-\d-\d/g) ?? [];

/** What a preview says that is done. */
function told(caveats: Record<string, Record<string, string>> = {}) {
	const { order = "no", joins, leaves, rejoins, state = "" } = Object.values(caveats)[0] ?? {};
	return {
		restarts: byShard(/^no /.test(order) || order === "no" ? [] : inOrder(order)),
		joins: namesIn(joins).sort(),
		leaves: namesIn(leaves),
		rejoins: namesIn(rejoins).sort(),
		wakes: lines.includes("a is Idle: the update wakes it first."),
		starts: /(^will be|then) started$/.test(state),
		stops: /stopped; reads and writes are unavailable/.test(state),
	};
}

function inOrder(order: string): string[] {
	const read = readOrder(order);
	if (read === undefined) throw new Error(`no order: ${order}`);
	return [...(read.first === undefined ? [] : [read.first]), ...read.lanes.flat()];
}

/** Shards go side by side: only within one there is an order. */
function byShard(names: readonly string[]) {
	return [0, 1].map((shard) => names.filter((name) => name.startsWith(`a-${shard}-`)));
}

const present = () =>
	world()
		.present()
		.units.filter(({ joining, scaled }) => !joining && scaled !== "surplus");
const named = (units: readonly { name: string }[]) => units.map(({ name }) => name).sort();
const of = (what: string) =>
	world().log.flatMap((line) => (line.startsWith(`${what} `) ? [line.split(" ")[1] as string] : []));

function remember() {
	const members = named(present());
	const away = named(present().filter(({ scaled }) => scaled === "away"));
	return () => ({
		restarts: byShard(of("restart")),
		joins: named(present()).filter((name) => !members.includes(name)),
		leaves: of("leave"),
		rejoins: named(present().filter(({ name, scaled }) => away.includes(name) && scaled === undefined)),
		wakes: world().log.includes("wake"),
		starts: world().log.includes("start"),
		stops: world().log.includes("stop"),
	});
}

/** Nothing stands against it. */
const isPlain = (before: Program, since: Since, after: Program) =>
	Object.keys(since).length === 0 &&
	after.version >= before.version &&
	after.shards >= before.shards &&
	(before.desiredState !== "Stopped" || (after.shards === before.shards && after.replicas === before.replicas));

const nothing = told();
const touching = /^(drain|restart|leave|join|start|stop|wake|configure|begin)/;

test("what a preview says and what up then does are one plan", async () => {
	const ends = { refused: 0, unchanged: 0, unmended: 0, done: 0 };
	const seen = { restarts: 0, joins: 0, leaves: 0, rejoins: 0, wakes: 0, starts: 0, stops: 0, resumes: 0 };
	await fc.assert(
		fc.asyncProperty(before, since, change, async (before, since, change) => {
			const { unfinished } = since;
			const after = { ...before, ...(unfinished && { version: unfinished.to }), ...change };
			const engine = await made(before, since);
			const did = remember();
			lines.length = 0;
			const { inputs, refused, changes } = await engine.preview(argsOf(after));
			const caveats = inputs.caveats as Record<string, Record<string, string>> | undefined;
			const update = provider.update(engine.id, engine.outputs, inputs);
			if (refused.length > 0) {
				ends.refused++;
				await expect(update, JSON.stringify(refused)).rejects.toThrow();
				expect(isPlain(before, since, after), refused.join()).toBe(false);
				expect(world().log.filter((line) => touching.test(line))).toEqual([]);
				return;
			}
			const says = told(caveats);
			if (!changes) {
				ends.unchanged++;
				await update.catch(() => {});
				expect({ caveats, says }).toEqual({ caveats: undefined, says: nothing });
				return;
			}
			const error = await update.then(
				({ outs }) => void Object.assign(engine, { inputs, outputs: { ...outs, __provider: text } }),
				(it: Error) => it,
			);
			expect(world().violations).toEqual([]);
			const does = did();
			if (error !== undefined) {
				ends.unmended++;
				// One that is down and that nothing restarts keeps the cluster from being whole; that is no refusal.
				expect({ killed: since.killed?.includes(true), message: error.message }).toEqual({
					killed: true,
					message: error.message,
				});
				expect(error).toHaveProperty("properties");
				expect(error.message).toMatch(/killed/);
				expect(says.restarts.flat()).toEqual(expect.arrayContaining(does.restarts.flat()));
				expect(says.leaves).toEqual(expect.arrayContaining(does.leaves));
				return;
			}
			ends.done++;
			for (const key of Object.keys(does) as (keyof typeof does)[]) if ([does[key]].flat(3).some(Boolean)) seen[key]++;
			if (inputs.unfinished !== undefined) seen.resumes++;
			expect(does).toEqual(says);
			expect([...does.restarts.flat(), ...does.leaves]).toEqual(expect.arrayContaining(of("drain")));

			const { mode, units, mark } = world().present();
			expect(mark).toBeUndefined();
			if (after.desiredState !== undefined) expect(mode === "stopped").toBe(after.desiredState === "Stopped");
			for (const unit of units) {
				expect(unit).toMatchObject({ version: after.version, joining: false });
				if (mode === "running") expect(world().condition(unit)).toMatchObject({ serving: true });
			}
			const next = await engine.preview(argsOf(after));
			expect(next).toMatchObject({ changes: false, refused: [] });
			expect(next.inputs).not.toHaveProperty("caveats");
		}),
		{ numRuns: 400 },
	);
	// Each must have been seen for this to mean anything; few of those that are down are left so.
	const { unmended: _, ...often } = ends;
	for (const [what, times] of Object.entries({ ...often, ...seen })) expect(times, what).toBeGreaterThan(0);
});
