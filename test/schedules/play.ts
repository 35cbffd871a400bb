import { ControlError } from "../../src/control/errors";
import { withHolds } from "../../src/control/holds";
import type { ClusterControl, Observation } from "../../src/control/port";
import type { ObservedCluster } from "../../src/core/cluster";
import { plan } from "../../src/core/plan";
import { known, unknown } from "../../src/core/question";
import { decide, rules } from "../../src/core/rules";
import { persistentData } from "../../src/core/rules/persistent-data";
import { type DbVersion, highest } from "../../src/core/version";
import type { Interruption } from "../../src/roll/events";
import { RollStopped } from "../../src/roll/stopped";
import { type Run, type RunOptions, run, v2, v3 } from "../roll/build";
import { isWrong } from "../scripted/promises";
import type { World } from "../scripted/world";
import { faultsOf, heal, isLacking, mend, type Scenario, timing, worldOf } from "./scenario";

/** How a process ended. */
type End = "done" | "stopped" | "crashed" | "lacking" | "found" | "late" | "sequel";

export interface Played {
	readonly violations: readonly string[];
	readonly ends: readonly End[];
	/** What was done, in order. */
	readonly log: readonly string[];
	/** How many calls of the port there were. */
	readonly calls: number;
}

/** A bug, for tests that see whether an invariant catches it. */
export interface Bug {
	readonly through?: (control: ClusterControl, world: World) => ClusterControl;
	readonly answer?: (cluster: Observation, to: DbVersion) => unknown;
}

/**
 * Plays a schedule: processes that are asked for updates while faults strike; then nothing is wrong any more, and the
 * last one must finish what they left.
 */
export async function play(scenario: Scenario, bug: Bug = {}): Promise<Played> {
	const world = worldOf(scenario);
	const ends: End[] = [];
	const faults = faultsOf(scenario, world);
	const canary = scenario.holds === undefined ? undefined : { seconds: scenario.holds, errors: 0.01 };
	const rolls = async (to: DbVersion, options: RunOptions = {}) => {
		world.invariants.answer = (cluster) => (bug.answer ?? answer)(cluster, to);
		const ended = await run(world, to, { canary, timing, judge: judge(world, to), through: bug.through, ...options });
		endsWell(world, scenario, ended, to);
		return ended;
	};
	const struck = { faults, timing: { ...timing, shardsAtOnce: scenario.shardsAtOnce } };
	const late = async (seconds: number) => {
		await world.clock.sleep(seconds * 1000);
		await rolls(v2, { faults, holder: "late" });
		ends.push("late");
	};
	const [first] = await Promise.all([
		rolls(v2, { ...struck, stop: cancelled(world, scenario.cancelled) }),
		...(scenario.late === undefined ? [] : [late(scenario.late)]),
	]);
	ends.push(first.crashed ? "crashed" : first.error !== undefined ? "stopped" : "done");
	if (causeOf(first) === "data-missing") ends.push("found");
	if (ends.includes("done") && scenario.late === undefined) isWhole(world, scenario);
	for (const to of scenario.sequel ?? []) {
		// What the rules refuse never reaches a roll.
		if (highest([...opened(world), to]) !== to) continue;
		await rolls(to, struck);
		ends.push("sequel");
	}
	heal(world);
	const patient = { timing: { ...struck.timing, claimWaitSeconds: 300 } };
	if (isLacking(world)) {
		ends.push("lacking");
		const begun = world.record()?.mark !== undefined;
		const ended = await rolls(v3, patient);
		// One with nothing to do has nothing to say.
		if (begun || ended.rolled?.steps !== 0) refuses(world, ended);
	}
	mend(world);
	await resumes(world, await rolls(v3, patient));
	return { violations: world.violations, ends, log: world.log, calls: world.calls };
}

/** A signal that asks to end after so many seconds. */
function cancelled(world: World, seconds: number | undefined): AbortSignal | undefined {
	if (seconds === undefined) return undefined;
	const asking = new AbortController();
	const reason: Interruption = { kind: "interrupted", by: "cancel" };
	void world.clock.sleep(seconds * 1000).then(() => asking.abort(reason));
	return asking.signal;
}

const opened = (world: World) => world.present().units.flatMap(({ openedBy }) => openedBy ?? []);

/** All that is decided about a cluster. */
function answer(cluster: Observation, target: DbVersion): unknown {
	const question = { target, cluster: known(cluster), catalogue: unknown("not asked"), policy: "any" } as const;
	return [plan(cluster, target), decide(question, rules)];
}

/** What the provider asks of a cluster before it rolls, and a roll does not: whether what restarts keeps its data. */
function judge(world: World, target: DbVersion) {
	return async (observed: ObservedCluster) => {
		const cluster = await withHolds({ holds: async (replica) => world.holds(replica, new Map()) }, observed);
		const question = { target, cluster: known(cluster), catalogue: unknown("not asked"), policy: "any" } as const;
		if (decide(question, [persistentData]).length > 0) throw new ControlError("its data ends with its process");
	};
}

/** Why it stopped; of a refusal its words. */
function causeOf({ error }: Run): string | undefined {
	if (error instanceof RollStopped) return error.stop.cause.kind;
	return error instanceof ControlError ? error.message : undefined;
}

/** What others do to a cluster after the last look at it. */
const byOthers = ["empty", "drop", "scale", "stale", "flap", "replace", "relabel", "set-image"];

const isAlone = ({ faults }: Scenario) => !faults.some(([, { kind }]) => byOthers.includes(kind));

/** Whatever goes wrong ends in success that is one, or in an error for people. */
function endsWell(world: World, scenario: Scenario, { rolled, error }: Run, to: DbVersion): void {
	const { invariants } = world;
	if (error !== undefined && !(error instanceof ControlError))
		invariants.breach("bug", error instanceof Error ? `${error.stack}` : String(error));
	const { state = "Started", replicas = [], mark } = rolled?.cluster ?? {};
	const states = ["Started", "Stopped", "Starting", "Degraded", "Updating"];
	const isStale = scenario.faults.some(([, { kind }]) => kind === "stale");
	if (!states.includes(state) && !isStale) invariants.breach("incomplete", `it ended as ${state}`);
	if (scenario.late === undefined && mark !== undefined) invariants.breach("incomplete", "the mark is left");
	for (const { name, version, outdated } of isAlone(scenario) ? replicas : [])
		if (version !== to || (state === "Started" && outdated))
			invariants.breach("incomplete", `${name} ended at ${version}${outdated ? " with old settings" : ""}`);
}

/** Of a roll that finished: no replica of a shard that it touched lacks what another has, unless it was struck behind its back. */
function isWhole(world: World, scenario: Scenario): void {
	const { units, mode } = world.present();
	if (!isAlone(scenario) || mode === "stopped") return;
	const restarted = world.log.flatMap((line) => (line.startsWith("restart") ? [line.split(" ")[1]] : []));
	for (const shard of new Set(units.filter(({ name }) => restarted.includes(name)).map((unit) => unit.shard))) {
		const its = units.filter((unit) => unit.shard === shard).map(({ tables }) => JSON.stringify(tables));
		if (new Set(its).size > 1) world.invariants.breach("incomplete", `the replicas of shard ${shard} differ`);
	}
}

/** Where something is missing, it says so, and what came back with less serves nobody while another has more. */
function refuses(world: World, ended: Run): void {
	// Or what comes back first waits for rows that only others have which are down.
	const causes = ["data-missing", "not-safe", "its data ends with its process", "volatile", "stalled"];
	const cause = causeOf(ended) ?? "nothing";
	if (!causes.includes(cause)) world.invariants.breach("incomplete", `data is missing, and it says ${cause}`);
	if (!(ended.error instanceof RollStopped) || cause !== "data-missing") return;
	const unit = world.unit(ended.error.stop.replica ?? "");
	const peers = world.present().units.filter(({ shard, name }) => shard === unit.shard && name !== unit.name);
	if (isWrong(world, unit, peers) && world.condition(unit).serving)
		world.invariants.breach("stranger", `${unit.name} serves with less than it had`);
}

/** The last process finishes, whatever the others left. */
async function resumes(world: World, { error, rolled }: Run): Promise<void> {
	const { invariants } = world;
	if (error !== undefined) invariants.breach("not-resumed", String(causeOf({ error, events: [], crashed: false })));
	if (world.record()?.mark !== undefined) invariants.breach("not-resumed", "the mark is left");
	if (error !== undefined || rolled?.cluster.state === "Stopped") return;
	await world.clock.sleep(120_000);
	for (const unit of world.present().units.filter(({ joining, scaled }) => !joining && scaled !== "surplus")) {
		const { phase, serving, caughtUp } = world.condition(unit);
		if (!serving || caughtUp === false) invariants.breach("not-resumed", `${unit.name} is ${phase}`);
	}
}
