import { expect, it } from "vitest";
import { inParallel } from "../../src/rehearsal/parallel";

it("what is done for many items begins with no other item once one has failed, and ends what has begun", async () => {
	const begun: number[] = [];
	const ended: number[] = [];
	const doing = inParallel([...Array(100).keys()], async (item) => {
		begun.push(item);
		if (item === 3) throw new Error("the connection is lost");
		await new Promise(setImmediate);
		ended.push(item);
	});
	await expect(doing).rejects.toThrow("the connection is lost");
	expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	expect(ended).toEqual([0, 1, 2, 4, 5, 6, 7]);
});
