import { expect } from "vitest";
import type { QueryTally } from "../../src/core/canary-queries";
import type { Stage, Test } from "./stage";

/** How many of this package's own queries are asked between those of clients. */
const own = 20;

export const tallies = {
	"queries of clients are counted by how they ended, and this package's own are not": async (stage) => {
		const { place, control, versions } = stage;
		const names = (await stage.started()).replicas.map(({ name }) => name);
		const [one = ""] = names;
		const { query, refuse } = place;
		if (query === undefined || refuse === undefined)
			throw new Error("the harness can't query: say so in `unsupported`");
		const begun = place.clock.now();
		for (let n = 0; n < own; n++) await control.holds(one);
		for (let n = 0; n < 3; n++) await query();
		for (let n = 0; n < 2; n++) await expect(refuse()).rejects.toThrow();
		const counted = await eventually(
			stage,
			() => since(stage, names, begun),
			// Each replica writes its log at a time of its own, and a harness may have asked something too: both are waited for.
			({ queries, failed }) => queries >= 5 && failed.reduce((all, { queries }) => all + queries, 0) >= 2,
		);
		expect(counted.failed).toEqual([expect.objectContaining({ code: 60, queries: 2 })]);
		// A harness may have asked something itself, to find out whether the cluster can be reached.
		expect(counted.queries).toBeLessThan(own);

		// What ended before the time that is asked for does not count.
		await eventually(
			stage,
			() => sum(stage, names, 1),
			({ queries }) => queries === 0,
		);

		await stage.under((claim) => control.restart(claim, one, versions.v2));
		await stage.lookUntil(one, ({ replica }) => replica.serving && replica.version === versions.v2);
		const restarted = place.clock.now();
		// Any replica may get a client's query, so they are sent until this one had some.
		const counts = async () => {
			await expect(refuse()).rejects.toThrow();
			return since(stage, [one], restarted);
		};
		await eventually(stage, counts, ({ failed }) => failed.some(({ code }) => code === 60));
	},

	"how queries ended on a stopped replica is unknown": async (stage) => {
		const { control } = stage;
		const [one] = (await stage.started()).replicas;
		await stage.under((claim) => control.stop(claim));
		await stage.until("Stopped");
		expect(await control.tally?.(one?.name ?? "", 60)).toBeUndefined();
		await expect(control.tally?.("nobody", 60)).rejects.toThrow();
	},
} satisfies Record<string, Test>;

/** Of several replicas together; a server that has logged nothing yet has no log. */
async function sum({ control }: Stage, replicas: readonly string[], seconds: number): Promise<QueryTally> {
	const tallies = await Promise.all(replicas.map((name) => control.tally?.(name, seconds)));
	const codes = new Map<number, number>();
	for (const { code, queries } of tallies.flatMap((tally) => tally?.failed ?? []))
		codes.set(code, (codes.get(code) ?? 0) + queries);
	return {
		queries: tallies.reduce((all, tally) => all + (tally?.queries ?? 0), 0),
		failed: [...codes].map(([code, queries]) => ({ code, queries })),
	};
}

/** Since a moment. A server's clock counts whole seconds. */
function since(stage: Stage, replicas: readonly string[], moment: number): Promise<QueryTally> {
	return sum(stage, replicas, (stage.place.clock.now() - moment) / 1000 + 2);
}

/** Asks until it is counted: a server writes its log some seconds later. */
async function eventually(
	{ place: { clock } }: Stage,
	count: () => Promise<QueryTally>,
	wanted: (tally: QueryTally) => boolean,
): Promise<QueryTally> {
	for (const deadline = clock.now() + 180_000; ; ) {
		const tally = await count();
		if (wanted(tally)) return tally;
		if (clock.now() > deadline) throw new Error(`the queries were not counted: ${JSON.stringify(tally)}`);
		await clock.sleep(500);
	}
}
