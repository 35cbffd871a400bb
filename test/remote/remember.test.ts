import { expect, test } from "vitest";
import { remembering } from "../../src/remote/remember";

/** What is fetched, answered by hand. */
function manual(freshness = { good: 300, bad: 30 }) {
	const calls: { readonly key: string; readonly last: string | undefined; settle: (answer: string | Error) => void }[] =
		[];
	let now = 0;
	const get = remembering<string>(
		(key, last) =>
			new Promise((resolve, reject) => {
				const settle = (answer: string | Error) => (answer instanceof Error ? reject(answer) : resolve(answer));
				calls.push({ key, last, settle });
			}),
		freshness,
		() => now,
	);
	return {
		get,
		calls,
		pass: (seconds: number) => {
			now += seconds * 1000;
		},
	};
}

test("a thousand who ask at once, and those who come after, cost one fetch", async () => {
	const { get, calls, pass } = manual();
	const all = Array.from({ length: 1000 }, () => get("a"));
	pass(3600);
	all.push(get("a"));
	calls[0]?.settle("1");
	expect(new Set(await Promise.all(all))).toEqual(new Set(["1"]));
	pass(299);
	expect(await get("a")).toBe("1");
	expect(calls).toHaveLength(1);
	const other = get("b");
	calls[1]?.settle("2");
	expect(await other).toBe("2");
});

test("what is old is asked for again, with what was answered last", async () => {
	const { get, calls, pass } = manual();
	const first = get("a");
	calls[0]?.settle("1");
	await first;
	pass(300);
	const second = get("a");
	expect(calls[1]).toMatchObject({ key: "a", last: "1" });
	calls[1]?.settle("2");
	expect(await second).toBe("2");
});

test("an old answer stays where a new one can't be had, and that is tried again soon", async () => {
	const { get, calls, pass } = manual();
	const first = get("a");
	calls[0]?.settle("1");
	await first;
	pass(300);
	const second = get("a");
	calls[1]?.settle(new Error("no route to host"));
	expect(await second).toBe("1");
	pass(29);
	expect(await get("a")).toBe("1");
	expect(calls).toHaveLength(2);
	pass(1);
	const third = get("a");
	expect(calls[2]).toMatchObject({ last: "1" });
	calls[2]?.settle("3");
	expect(await third).toBe("3");
});

test("a failure is not waited for by each of those who ask, and not for ever", async () => {
	const { get, calls, pass } = manual();
	const first = get("a");
	calls[0]?.settle(new Error("no route to host"));
	await expect(first).rejects.toThrow("no route to host");
	pass(29);
	await expect(get("a")).rejects.toThrow("no route to host");
	expect(calls).toHaveLength(1);
	pass(1);
	const second = get("a");
	expect(calls[1]).toMatchObject({ last: undefined });
	calls[1]?.settle("2");
	expect(await second).toBe("2");
});
