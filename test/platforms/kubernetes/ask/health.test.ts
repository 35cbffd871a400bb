import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { health, type RecentAnswers, unsettled } from "../../../../src/platforms/kubernetes/ask/health";

/** A table that has not pulled the last entry of its log, as a server gives it. */
const table = {
	database: "shop",
	table: "rows",
	is_readonly: 0,
	is_session_expired: 0,
	inserts_in_queue: 0,
	age: 1_700_000_000,
	log_max_index: 5,
	log_pointer: 5,
	absolute_delay: 0,
	total_replicas: 2,
};
const pulled = { ...table, log_pointer: 6 };
/** It has to fetch a part that another wrote right before the last look. */
const fetching = { ...pulled, inserts_in_queue: 1, age: 0 };
const untouched = { ...table, log_max_index: 0, log_pointer: 0 };
const lacks = "its table shop.rows lacks rows that other replicas have";

type Rows = readonly object[];

/** A server that gives these answers in turn, and the last one from then on. */
function answering(...answers: readonly Rows[]) {
	let asked = 0;
	const rows = async () => (answers[Math.min(asked++, answers.length - 1)] ?? []) as Record<string, unknown>[];
	return { rows, asked: () => asked };
}

async function healthOf(
	answers: readonly Rows[],
	{ patience = 60_000, recent }: { patience?: number; recent?: RecentAnswers } = {},
) {
	const server = answering(...answers);
	const result = health(server, patience, recent);
	await vi.runAllTimersAsync();
	return { ...(await result), asked: server.asked() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("health", () => {
	it("is well where all tables are at rest twice: in one answer the queue may be older than the log", async () => {
		expect(await healthOf([[]])).toEqual({ readOnly: false, caughtUp: true, waiting: 0, asked: 2 });
		expect(await healthOf([[], [fetching], [fetching], []])).toMatchObject({ caughtUp: true, asked: 4 });
	});

	it("has caught up once it has pulled what the log held at the first answer, and fetched all that it lists then", async () => {
		expect(await healthOf([[table], [table], [pulled], []])).toMatchObject({ caughtUp: true, asked: 4 });
		// The answer that shows it as pulled does not show yet what it has to fetch.
		expect(await healthOf([[table], [pulled], [fetching], []])).toMatchObject({ caughtUp: true, asked: 4 });
		expect(await healthOf([[table], [], [fetching], []])).toMatchObject({ caughtUp: true, asked: 4 });
		const ahead = { ...table, log_max_index: "9", log_pointer: "6" };
		expect(await healthOf([[table], [ahead], [ahead]])).toMatchObject({ caughtUp: true, asked: 3 });
		const other = { ...fetching, table: "others" };
		expect(await healthOf([[table], [pulled, other], [other], []])).toMatchObject({ caughtUp: true, asked: 4 });
	});

	it("is behind while it still lacks that when its patience ends", async () => {
		const behind = { readOnly: false, caughtUp: false, trouble: lacks };
		expect(await healthOf([[table]], { patience: 1000 })).toMatchObject({ ...behind, waiting: 0 });
		expect(await healthOf([[pulled], [{ ...fetching, age: 1 }]], { patience: 1000 })).toMatchObject({
			...behind,
			waiting: 1,
		});
		expect(await healthOf([[], [{ ...fetching, age: 60 }]], { patience: 2000 })).toMatchObject(behind);
	});

	it("is behind while partitions of another table are still to replace its own: they are no INSERTs in its queue", async () => {
		const replacing = { ...pulled, replaces: 1, replaces_age: 1 };
		const behind = { caughtUp: false, waiting: 1, trouble: lacks };
		expect(await healthOf([[replacing]], { patience: 0 })).toMatchObject(behind);
		expect(await healthOf([[replacing]], { patience: 0, recent: {} })).toMatchObject(behind);
		expect(await healthOf([[replacing], [replacing], []])).toMatchObject({ caughtUp: true, asked: 3 });
		// One after the other, and each of them newer than the first answer.
		expect(await healthOf([[{ ...replacing, replaces_age: 0 }]])).toMatchObject({ caughtUp: true, asked: 101 });
	});

	it("need not have fetched what came after the first answer, by times of whole seconds", async () => {
		const constant = Array.from({ length: 300 }, (_, n) => [{ ...fetching, log_max_index: n + 5, log_pointer: n + 6 }]);
		expect(await healthOf(constant)).toMatchObject({ caughtUp: true, waiting: 1, asked: 101 });
		const older = constant.map(([row]) => [{ ...row, age: 1 }]);
		expect(await healthOf(older)).toMatchObject({ caughtUp: true, asked: 201 });
	});

	describe("where what is of the last two seconds does not count", () => {
		it("needs one answer, and its recent ones count as the first", async () => {
			const recent: RecentAnswers = {};
			expect(await healthOf([[], [table]], { recent })).toMatchObject({ caughtUp: true, asked: 1 });
			expect(await healthOf([[table]], { patience: 0, recent: {} })).toMatchObject({ caughtUp: false, asked: 1 });
			// It was at rest then, so that it lacks only what was written since; but not for long.
			expect(await healthOf([[{ ...table, log_pointer: 4 }]], { recent })).toMatchObject({ caughtUp: true, asked: 1 });
			const answers = [[table], [table], [pulled], []];
			expect(await healthOf(answers, { recent: {} })).toMatchObject({ caughtUp: true, asked: 4 });
			for (const [passed, caughtUp] of [
				[1999, true],
				[2000, false],
			] as const) {
				const recent: RecentAnswers = {};
				await healthOf([[]], { recent });
				vi.advanceTimersByTime(passed);
				expect(await healthOf([[table]], { recent, patience: 0 })).toMatchObject({ caughtUp });
			}
		});

		it("needs no other answer if it had caught up within them", async () => {
			const recent: RecentAnswers = {};
			await healthOf([[]], { recent });
			await healthOf([[]], { recent });
			vi.advanceTimersByTime(1999);
			const fetches = { readOnly: false, waiting: 1, asked: 1 };
			const behind = [{ ...fetching, age: 60 }];
			expect(await healthOf([behind], { recent, patience: 0 })).toEqual({ ...fetches, caughtUp: true });
			vi.advanceTimersByTime(1);
			const late = await healthOf([behind], { recent, patience: 0 });
			expect(late).toEqual({ ...fetches, caughtUp: false, trouble: lacks });
			await healthOf([[]], { recent });
			expect(await healthOf([[{ ...table, is_readonly: 1 }]], { recent })).toMatchObject({ caughtUp: false });
		});

		it("is found out under constant INSERTs while it is looked at, however often", async () => {
			for (const every of [10, 100, 400, 900]) {
				const recent: RecentAnswers = {};
				// Its queue is never empty, and an entry never older than the second that is being counted.
				await healthOf([[fetching]], { recent, patience: 0 });
				for (let passed = 0; passed < 1000; passed += every) {
					vi.advanceTimersByTime(every);
					await healthOf([[fetching]], { recent, patience: 0 });
				}
				for (let looks = 0; looks < 20; looks++) {
					vi.advanceTimersByTime(every);
					const seen = await healthOf([[fetching]], { recent, patience: 0 });
					expect(seen, `${looks} of each ${every} ms`).toMatchObject({ caughtUp: true });
				}
				expect(recent.firsts?.length).toBeLessThan(10);
			}
		});

		it("is not whole by what one answer can't tell", async () => {
			// It pulls many entries between the two halves of an answer.
			const recent: RecentAnswers = {};
			const pulls = { ...fetching, age: 3600 };
			expect(await healthOf([[]], { recent })).toMatchObject({ caughtUp: true });
			vi.advanceTimersByTime(300);
			expect(await healthOf([[pulls]], { recent, patience: 0 })).toMatchObject({ caughtUp: false });
			// Something is written that it does not pull for long.
			const late: RecentAnswers = {};
			await healthOf([[]], { recent: late });
			vi.advanceTimersByTime(1900);
			expect(await healthOf([[table]], { recent: late, patience: 0 })).toMatchObject({ caughtUp: true });
			vi.advanceTimersByTime(101);
			expect(await healthOf([[table]], { recent: late, patience: 0 })).toMatchObject({ caughtUp: false });
			// Before its answer was complete, it was behind.
			const behind: RecentAnswers = {};
			await healthOf([[table]], { recent: behind, patience: 0 });
			vi.advanceTimersByTime(10);
			expect(await healthOf([[]], { recent: behind, patience: 0 })).toMatchObject({ caughtUp: false });
		});

		it("has no answer of a replica that is cut off from Keeper for its first", async () => {
			const recent: RecentAnswers = {};
			await healthOf([[]], { recent });
			await healthOf([[]], { recent });
			const cut = { ...table, total_replicas: 0, log_max_index: 0, log_pointer: 0 };
			expect(await healthOf([[cut]], { recent })).toMatchObject({ caughtUp: false });
			vi.advanceTimersByTime(300);
			expect(await healthOf([[table]], { recent, patience: 0 })).toMatchObject({ caughtUp: false });
		});

		it("is judged by a clock that nobody sets", async () => {
			const recent: RecentAnswers = {};
			await healthOf([[]], { recent });
			await healthOf([[]], { recent });
			vi.advanceTimersByTime(2000);
			vi.setSystemTime(Date.now() - 60_000);
			expect(await healthOf([[table]], { recent, patience: 0 })).toMatchObject({ caughtUp: false });
		});

		it("is not whole up to a moment whose entries it still fetches", async () => {
			const recent: RecentAnswers = {};
			for (let passed = 0; passed < 5000; passed += 100) {
				const seen = await healthOf([[{ ...fetching, age: 1 }]], { recent, patience: 0 });
				expect(seen.caughtUp, `${passed}`).toBe(false);
				vi.advanceTimersByTime(100);
			}
		});
	});

	it("has caught up with a log that nothing was ever written to, which looks like one with its first entry", async () => {
		expect(await healthOf([[untouched]])).toMatchObject({ caughtUp: true, asked: 2 });
		const first = { ...untouched, log_pointer: 1 };
		const fetchesFirst = { ...first, inserts_in_queue: 1, age: 0 };
		expect(await healthOf([[untouched], [first], [fetchesFirst], []])).toMatchObject({ caughtUp: true, asked: 4 });
		const late = { ...untouched, absolute_delay: 3 };
		expect(await healthOf([[late]], { patience: 1000 })).toMatchObject({ caughtUp: false });
	});

	it("is asked a second time whatever its patience", async () => {
		expect(await healthOf([[], []], { patience: 0 })).toMatchObject({ caughtUp: true, asked: 2 });
		expect(await healthOf([[table], []], { patience: 0 })).toMatchObject({ caughtUp: false, asked: 1 });
	});

	it("is cut off while it is read-only, or Keeper does not tell the log: its columns are 0 then", async () => {
		expect(await healthOf([[{ ...table, is_readonly: 1 }]])).toMatchObject({ readOnly: true, caughtUp: false });
		expect(await healthOf([[{ ...table, is_session_expired: 1 }]])).toMatchObject({ caughtUp: false });
		const silent = { ...untouched, total_replicas: 0 };
		expect(await healthOf([[silent]])).toMatchObject({ readOnly: false, caughtUp: false });
	});

	it("names the table that is in the way, and how many more there are", async () => {
		const readOnly = { ...table, is_readonly: 1 };
		expect((await healthOf([[readOnly, { ...readOnly, table: "more" }, { ...table, table: "third" }]])).trouble).toBe(
			"its table shop.rows (and 1 more) is read-only or cut off from Keeper",
		);
	});

	it("does not take an answer without its columns for one", async () => {
		for (const row of [{ database: "shop" }, { table: "rows" }])
			await expect(health(answering([row]))).rejects.toThrow("lacks columns");
	});

	it("does not ask for an error of long ago: servers keep the last one until they restart", () => {
		expect(unsettled).not.toContain("exception");
	});
});
