import { askRouter } from "../../src/platforms/local/carry-out.ts";
import { until } from "../../tools/processes.mts";
import type { Cli } from "./cli.mts";
import { type OpenQuery, openQuery } from "./hold.mts";
import { newVersion, type Stack } from "./stack.mts";

/** Longer than any test: what holds an update up here is ended by the test itself. */
export const patientDrain = { drainSeconds: 600 };

/**
 * Starts the update of a cluster of two, and comes back once the first replica has the new version while the second one
 * waits for a query to end, for as long as `query` is open.
 */
export async function midway(stack: Stack): Promise<{ readonly cli: Cli; readonly query: OpenQuery }> {
	// One query each, since the replicas take turns.
	const first = [await openQuery(stack), await openQuery(stack)];
	const cli = stack.set({ version: newVersion, update: patientDrain }).startUp();
	await cli.printed("draining db-0-1");
	// That is printed before it takes effect; from then on only the other replica gets requests.
	await until(async () => (await askRouter(stack.cluster))?.replicas["0-1"]?.routed === false);
	const query = await openQuery(stack);
	for (const { close } of first) await close();
	await cli.printed(`db-0-1 serves ${newVersion}`);
	await cli.printed("draining db-0-0");
	return { cli, query };
}
