import { expect, it } from "vitest";
import { askTogether } from "../../../../src/platforms/kubernetes/ask/together";

/** What is asked about 1 to `count`, four at a time; a number in `bad` spoils each query that it is in. */
async function asked(count: number, ...bad: number[]) {
	const queries: string[] = [];
	const answers = await askTogether(
		Array.from({ length: count }, (_, index) => index + 1),
		4,
		async (some) => {
			queries.push(some.join(" "));
			if (some.some((one) => bad.includes(one))) throw new RangeError("spoilt");
			return some.map((one) => one * 10);
		},
		(error) => error instanceof RangeError,
	);
	return { queries, answers };
}

it("asks about as many together as are allowed", async () => {
	expect(await asked(9)).toEqual({
		queries: ["1 2 3 4", "5 6 7 8", "9"],
		answers: [10, 20, 30, 40, 50, 60, 70, 80, 90],
	});
	expect(await asked(0)).toEqual({ queries: [], answers: [] });
});

it("asks about each alone where one spoils the query, once, and leaves that one out", async () => {
	expect(await asked(6, 2)).toEqual({
		queries: ["1 2 3 4", "1", "2", "3", "4", "5 6"],
		answers: [10, 30, 40, 50, 60],
	});
	expect(await asked(1, 1)).toEqual({ queries: ["1"], answers: [] });
});

it("throws what is about none of them", async () => {
	const away = askTogether(
		[1, 2],
		4,
		() => Promise.reject(new TypeError("away")),
		(error) => error instanceof RangeError,
	);
	await expect(away).rejects.toThrow("away");
});
