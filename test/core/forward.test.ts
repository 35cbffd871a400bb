import fc from "fast-check";
import { expect, test } from "vitest";
import type { ObservedCluster, ObservedReplica, UpdateMark } from "../../src/core/cluster";
import { plan, type Step } from "../../src/core/plan";
import { known, policies } from "../../src/core/question";
import { decide } from "../../src/core/rules";
import type { State } from "../../src/core/state";
import { compareVersions, type DbVersion } from "../../src/core/version";
import { v } from "../build";

/** A replica of a toy cluster: what it is told to run, what opened its data, and whether it is up. */
interface Toy {
	readonly name: string;
	readonly shard: number;
	readonly ordinal: number;
	told: DbVersion;
	openedBy: DbVersion;
	up: boolean;
}

/** The smallest world in which versions could go back: steps that fail, die midway or name a version that never starts. */
class World {
	state: State = "Started";
	mark: UpdateMark | undefined;
	updates = 0;
	resumes = 0;
	givenUp = 0;

	constructor(
		readonly replicas: readonly Toy[],
		/** Versions that can't start: there is no such image. */
		readonly missing: ReadonlySet<DbVersion>,
	) {}

	observe(): ObservedCluster {
		const replicas = this.replicas.map(({ name, shard, ordinal, told, openedBy, up }): ObservedReplica => {
			return { name, shard, ordinal, version: told, openedBy, serving: up, readOnly: false, caughtUp: up };
		});
		return { name: "toy", state: this.state, replicas, ...(this.mark && { mark: this.mark }) };
	}

	/** All that the promise is about: no data is ever opened by a version older than one that opened it before. */
	start(replica: Toy, crashes = false): void {
		replica.up = false;
		if (this.missing.has(replica.told)) return;
		expect(compareVersions(replica.told, replica.openedBy)).toBeGreaterThanOrEqual(0);
		replica.openedBy = replica.told;
		replica.up = !crashes;
	}

	startAll(): void {
		if (this.state !== "Stopped" && this.state !== "Idle") return;
		for (const replica of this.replicas) this.start(replica);
		this.state = this.awake();
	}

	stopAll(state: "Stopped" | "Idle"): void {
		if (state === "Idle" && this.state !== "Started") return;
		for (const replica of this.replicas) replica.up = false;
		this.state = state;
	}

	awake(): State {
		if (this.replicas.some(({ up }) => !up)) return "Degraded";
		return this.mark === undefined ? "Started" : "Updating";
	}

	/** Takes an update as far as `steps` steps; the last of them may crash at start. */
	update(target: DbVersion, policy: (typeof policies)[number], steps: number, crashes: boolean): void {
		const catalogue = known([{ version: target }]);
		const judge = () => decide({ target, cluster: known(this.observe()), catalogue, policy }).length === 0;
		if (!judge()) return;
		const before = this.mark;
		const stopped = this.state === "Stopped";
		if (this.state === "Idle") {
			for (const replica of this.replicas) this.start(replica);
			this.state = this.awake();
			if (!judge()) return;
		}
		const { lanes, from, canary, resumes } = plan(this.observe(), target);
		this.updates++;
		if (resumes) this.resumes++;
		if (before !== undefined && compareVersions(target, before.to) < 0) this.givenUp++;
		this.mark = { from, to: target, since: "2026-11-23T10:00:00Z" };
		const order = interleave(lanes.map((lane) => lane.steps));
		if (canary !== undefined) expect(order[0]?.replica).toBe(canary);
		for (const [index, step] of order.slice(0, steps).entries()) {
			const replica = this.replicas.find(({ name }) => name === step.replica);
			if (replica === undefined) throw new Error(`${step.replica} is not of this cluster`);
			replica.told = target;
			if (stopped) continue;
			const others = this.replicas.filter(({ shard, name }) => shard === step.shard && name !== step.replica);
			if (replica.up && others.length > 0) expect(others.some(({ up }) => up)).toBe(true);
			this.start(replica, crashes && index === steps - 1);
			if (!replica.up) break;
		}
		const done = this.replicas.every(({ told, up }) => told === target && (stopped || up));
		if (done) this.mark = undefined;
		if (!stopped) this.state = this.awake();
	}
}

/** The first of the first lane, and then a step of each lane in turn. */
function interleave(lanes: readonly (readonly Step[])[]): Step[] {
	const longest = Math.max(0, ...lanes.map((lane) => lane.length));
	return Array.from({ length: longest }, (_, i) => lanes.flatMap((lane) => lane[i] ?? [])).flat();
}

const pool = ["0.9.2.0", "0.10.11.0", "1.7.1", "1.8.0", "1.9.0", "1.10.0", "2.0.0"].map(v);
const version = fc.constantFrom(...pool);
const command = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			do: fc.constant("update" as const),
			target: version,
			policy: fc.constantFrom(...policies),
			steps: fc.nat({ max: 7 }),
			crashes: fc.boolean(),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constantFrom("start" as const, "stop" as const, "idle" as const) }) },
	/** A replica that was down comes up, or is restarted by its platform as what it is told to be. */
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), which: fc.nat({ max: 5 }) }) },
);

test("no sequence of updates, however often it fails or dies midway, ever lowers a version", {
	timeout: 60_000,
}, () => {
	const total = { updates: 0, resumes: 0, givenUp: 0 };
	fc.assert(
		fc.property(
			fc.array(fc.array(version, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
			fc.uniqueArray(version, { maxLength: 3 }),
			fc.array(command, { minLength: 1, maxLength: 25 }),
			(shards, missing, commands) => {
				const toys = shards.flatMap((versions, shard) =>
					versions.map((told, ordinal): Toy => {
						return { name: `toy-${shard}-${ordinal}`, shard, ordinal, told, openedBy: told, up: true };
					}),
				);
				const world = new World(toys, new Set(missing));
				for (const command of commands) {
					if (command.do === "update") world.update(command.target, command.policy, command.steps, command.crashes);
					else if (command.do === "start") world.startAll();
					else if (command.do === "restart") {
						const replica = toys[command.which % toys.length];
						if (replica && world.state !== "Stopped" && world.state !== "Idle") {
							world.start(replica);
							world.state = world.awake();
						}
					} else world.stopAll(command.do === "stop" ? "Stopped" : "Idle");
				}
				total.updates += world.updates;
				total.resumes += world.resumes;
				total.givenUp += world.givenUp;
			},
		),
		{ numRuns: 2500 },
	);
	// A world in which all is refused would keep the promise, too.
	expect(total.updates).toBeGreaterThan(1000);
	expect(total.resumes).toBeGreaterThan(100);
	expect(total.givenUp).toBeGreaterThan(10);
});

test("an update that stopped midway can always be gone on with, to its target or to a later version", {
	timeout: 60_000,
}, () => {
	fc.assert(
		fc.property(
			version,
			version,
			fc.integer({ min: 1, max: 3 }),
			fc.nat({ max: 3 }),
			fc.boolean(),
			(a, b, replicas, steps, crashes) => {
				const [from = a, to = b] = [a, b].sort(compareVersions);
				const toys = Array.from({ length: replicas }, (_, ordinal): Toy => {
					return { name: `toy-0-${ordinal}`, shard: 0, ordinal, told: from, openedBy: from, up: true };
				});
				const world = new World(toys, new Set());
				world.update(to, "latest", steps, crashes);
				const cluster = known(world.observe());
				for (const target of pool.filter((it) => compareVersions(it, to) >= 0)) {
					expect(decide({ target, cluster, catalogue: known([{ version: target }]), policy: "latest" })).toEqual([]);
				}
				world.update(to, "latest", 9, false);
				expect(world.observe()).toMatchObject({ state: "Started", replicas: toys.map(() => ({ version: to })) });
				expect(world.mark).toBeUndefined();
			},
		),
		{ numRuns: 1000 },
	);
});
