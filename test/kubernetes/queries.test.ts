import { expect, it, vi } from "vitest";
import type { DbVersion } from "../../src/core/version";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { Space, startCluster, unavailable, versions } from "./harness";
import { queryAt } from "./query";

const minute = 60_000;

it.skipIf(unavailable !== undefined)(
	"a query of 20 seconds is let finish, and one that is longer than drainSeconds is cut",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1 });
			const endpoint = await space.endpoint("db");
			const events: RollEvent[] = [];
			const to = (version: DbVersion, drainSeconds: number) =>
				roll({
					control,
					to: version,
					holder: "the test",
					timing: { drainSeconds },
					report: (event) => events.push(event),
				});
			const cut = (replica: string) =>
				events.flatMap((event) => (event.event === "drained" && event.replica === replica ? [event.cut] : []));

			const started = Date.now();
			const short = await queriesUntilOn(space, "db-0-1", endpoint, 20);
			await to(versions.v2, 60);
			const answers = await Promise.all(short);
			expect(answers).toEqual(short.map(() => "0"));
			expect([...cut("db-0-1"), ...cut("db-0-0")]).toEqual([0, 0]);
			expect(Date.now() - started).toBeGreaterThan(20_000);
			expect(events.find(({ event }) => event === "draining")).toMatchObject({
				replica: "db-0-1",
				queries: expect.toSatisfy((queries: number) => queries >= 1),
			});

			events.length = 0;
			const long = await queriesUntilOn(space, "db-0-1", endpoint, 100);
			const ended = Promise.allSettled(long);
			const { cluster } = await to(versions.v3, 1);
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v3, versions.v3]);
			expect(
				cut("db-0-1")
					.concat(cut("db-0-0"))
					.reduce((sum, each) => sum + each),
			).toBe(long.length);
			expect((await ended).map(({ status }) => status)).toEqual(long.map(() => "rejected"));
		} finally {
			await space.close();
		}
	},
);

/** Sends queries of so many seconds through the client Service until one runs on a replica; returns the answers to come. */
async function queriesUntilOn(space: Space, replica: string, endpoint: string, seconds: number) {
	const sql = `SELECT sum(sleep(0.5)) FROM (SELECT number FROM system.numbers LIMIT ${seconds * 2}) SETTINGS max_block_size = 1`;
	const running =
		"SELECT count() FROM system.processes WHERE query LIKE '%sum(sleep%' AND query NOT LIKE '%processes%'";
	const answers: Promise<string>[] = [];
	// The node's proxy follows a pod's readiness in its own time.
	await vi.waitFor(async () => expect(await queryAt(endpoint, "SELECT hostName()")).toBe(replica), {
		timeout: minute,
		interval: 50,
	});
	// A connection is given to either of two replicas.
	while (answers.length < 20) {
		const answer = queryAt(endpoint, sql, "", { timeout: 2 * minute });
		// How it ends is looked at in its time.
		answer.catch(() => {});
		answers.push(answer);
		const sent = answers.length;
		const count = await vi.waitFor(
			async () => {
				const [there, other] = await Promise.all(
					["db-0-0", "db-0-1"].map(async (pod) => [pod, Number(await space.queryPod(pod, running))] as const),
				);
				expect((there?.[1] ?? 0) + (other?.[1] ?? 0)).toBe(sent);
				return new Map([there, other].flatMap((each) => (each === undefined ? [] : [each])));
			},
			{ timeout: 10_000, interval: 50 },
		);
		if ((count.get(replica) ?? 0) > 0) return answers;
	}
	throw new Error(`none of ${answers.length} queries came to ${replica}`);
}
