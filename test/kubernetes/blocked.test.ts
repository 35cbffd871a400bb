import { expect, it, vi } from "vitest";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { RollStopped } from "../../src/roll/stopped";
import { stopText } from "../../src/words/stop";
import { Space, startCluster, unavailable, versions } from "./harness";
import { KeeperProxy } from "./keeper-proxy";
import { makeTables } from "./tables";

const minute = 60_000;
const topology = { shards: 1, replicas: 2 };

it.skipIf(unavailable !== undefined)(
	"a replica that lags or is read-only blocks the roll, which says why, touches nothing, and goes on once it is well",
	async () => {
		const space = await Space.open();
		try {
			const keeper = new KeeperProxy(space);
			await keeper.open();
			const settings = space.settings({ keeper: [keeper.address] });
			const control = await startCluster(space, { version: versions.v1, ...topology, settings });
			const table = await makeTables(space, topology);
			const pods = async () =>
				(await space.api.list<Pod>("pods", { labels: "pulumi-dbcluster/cluster=db" }))
					.map(({ metadata: { name, uid } }) => `${name} ${uid}`)
					.sort();
			const before = await pods();
			const events: RollEvent[] = [];
			const update = (timing = {}) =>
				roll({
					control,
					to: versions.v2,
					holder: "the test",
					timing: { drainSeconds: 10, ...timing },
					report: (event) => events.push(event),
				});
			const readOnly = (flag: "0" | "1") =>
				vi.waitFor(
					async () => {
						for (const pod of ["db-0-0", "db-0-1"])
							expect(await space.queryPod(pod, "SELECT is_readonly FROM system.replicas")).toBe(flag);
					},
					{ timeout: 2 * minute, interval: 500 },
				);
			const blocked = async (problem: "behind" | "read-only", words: string, { writes = true } = {}) => {
				const error: unknown = await update({ stallSeconds: 5 }).catch((reason: unknown) => reason);
				expect(error).toBeInstanceOf(RollStopped);
				const { stop } = error as RollStopped;
				const others = [{ replica: "db-0-0", problem }];
				const cause = { kind: "not-safe", others };
				expect(stop, JSON.stringify({ stop, events })).toMatchObject({
					replica: "db-0-1",
					step: 1,
					of: 2,
					reads: true,
					writes,
					cause,
				});
				expect(stopText(stop)).toContain(
					`db-0-1 was not restarted, because the other replicas of its shard could not take over: db-0-0 ${words}`,
				);
				expect(events).toContainEqual({ event: "holding", replica: "db-0-1", others });
				expect(events.map(({ event }) => event)).not.toContain("draining");
				expect(await pods()).toEqual(before);
				const replicas = (await control.observe())?.replicas;
				expect(replicas?.map(({ version, serving }) => [version, serving])).toEqual([
					[versions.v1, true],
					[versions.v1, true],
				]);
			};

			await space.queryPod("db-0-0", `SYSTEM STOP FETCHES ${table}`);
			await space.queryPod("db-0-1", `INSERT INTO ${table} SELECT number FROM numbers(1000)`);
			// A look may leave out what was written within the last two seconds.
			await vi.waitFor(async () => expect((await control.look("db-0-0")).replica.caughtUp).toBe(false), {
				timeout: minute,
				interval: 100,
			});
			await blocked("behind", "has not caught up");
			expect(await space.queryPod("db-0-0", `SELECT count() FROM ${table}`)).toBe("0");
			await space.queryPod("db-0-0", `SYSTEM START FETCHES ${table}`);
			await vi.waitFor(
				async () => expect(await space.queryPod("db-0-0", `SELECT count() FROM ${table}`)).toBe("1000"),
				{ timeout: minute, interval: 500 },
			);

			// It lists what is to come from another table neither as an INSERT nor as a delay.
			events.length = 0;
			await space.queryPod("db-0-0", `SYSTEM STOP FETCHES ${table}`);
			await space.queryPod("db-0-1", "CREATE TABLE staging (n UInt64) ENGINE = MergeTree ORDER BY n");
			await space.queryPod("db-0-1", "INSERT INTO staging SELECT number FROM numbers(2000)");
			await space.queryPod("db-0-1", `ALTER TABLE ${table} REPLACE PARTITION tuple() FROM staging`);
			await space.queryPod("db-0-1", "DROP TABLE staging");
			await vi.waitFor(async () => expect((await control.look("db-0-0")).replica.caughtUp).toBe(false), {
				timeout: minute,
				interval: 100,
			});
			await blocked("behind", "has not caught up");
			expect(await space.queryPod("db-0-0", `SELECT count() FROM ${table}`)).toBe("1000");
			await space.queryPod("db-0-0", `SYSTEM START FETCHES ${table}`);
			await vi.waitFor(
				async () => expect(await space.queryPod("db-0-0", `SELECT count() FROM ${table}`)).toBe("2000"),
				{ timeout: minute, interval: 500 },
			);

			events.length = 0;
			await keeper.cut();
			await readOnly("1");
			await blocked("read-only", "is read-only", { writes: false });
			await keeper.open();
			await readOnly("0");

			const { cluster } = await update();
			expect(cluster.replicas.map(({ version }) => version)).toEqual([versions.v2, versions.v2]);
			for (const pod of ["db-0-0", "db-0-1"])
				expect(await space.queryPod(pod, `SELECT count() FROM ${table}`)).toBe("2000");
		} finally {
			await space.close();
		}
	},
);
