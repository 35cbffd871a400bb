import type { ClusterSpec } from "../../src/control/port";
import { underClaim } from "../../src/roll/claim-keeper";
import type { RollEvent } from "../../src/roll/events";
import { grow, shrink } from "../../src/roll/resize";
import { retrying } from "../../src/roll/retry";
import { withDefaults } from "../../src/roll/timing";
import { type Fault, ScriptedControl } from "../scripted/control";
import type { World } from "../scripted/world";
import { type Given, v1 } from "./build";

export const sizeOf = (shards: number, replicas: number) =>
	Array.from({ length: shards }, () => Array<Given>(replicas).fill({}));
export const spec = (shards: number, replicas: number): ClusterSpec => ({
	name: "a",
	owner: "o",
	generation: "g",
	version: v1,
	shards,
	replicas,
	settings: {},
});
export const names = ({ shards, replicas }: ClusterSpec) =>
	Array.from({ length: shards * replicas }, (_, i) => `a-${Math.floor(i / replicas)}-${i % replicas}`);
export const members = (world: World) => world.observe(new Map())?.replicas.map(({ name }) => name);

interface Ended {
	readonly events: readonly RollEvent[];
	readonly error?: unknown;
	readonly crashed: boolean;
}

/** Resizes in a process of its own, as the provider does, until it is done, has failed, or has crashed. */
export async function resize(
	world: World,
	wanted: ClusterSpec,
	faults: Readonly<Record<number, Fault>> = {},
): Promise<Ended> {
	const { clock } = world;
	const schedule = new Map(Object.entries(faults).map(([call, fault]) => [Number(call), fault]));
	const bare = new ScriptedControl(world, schedule);
	const events: RollEvent[] = [];
	const report = (event: RollEvent) => void events.push(event);
	const control = retrying(bare, clock, () => {});
	const timing = withDefaults({ stallSeconds: 20, drainSeconds: 5, claimWaitSeconds: 300 });
	const ended = underClaim({ control, holder: "the test", clock, timing, report }, async (keeper) => {
		const ground = { control, keeper, clock, timing, to: v1, report, tell: () => {} };
		const cluster = await control.observe();
		if (cluster === undefined) throw new Error("no cluster");
		const { joins, leaves } = await control.assess(wanted);
		await shrink(ground, cluster, leaves);
		await keeper.change((claim) => control.configure(claim, wanted));
		if (joins.length > 0)
			await grow(
				ground,
				cluster,
				wanted,
				joins.map(({ name }) => name),
			);
	}).then(
		() => ({ crashed: false }),
		(error: unknown) => ({ error, crashed: false }),
	);
	const outcome = await Promise.race([ended, bare.crashed.then(() => ({ crashed: true }))]);
	schedule.clear();
	return { events, ...outcome };
}
