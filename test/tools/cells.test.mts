import { expect, test } from "vitest";
import { axes, cells } from "../../tools/matrix/cells.mts";

test("each pair of values of two axes is in a cell of the matrix", () => {
	const names = ["pulumi", "program", "node", "layout"] as const;
	const values = names.flatMap((axis) => axes[axis].map((value) => ({ axis, value })));
	const missing = values.flatMap((one) =>
		values
			.filter((other) => names.indexOf(one.axis) < names.indexOf(other.axis))
			.filter((other) => !cells.some((cell) => cell[one.axis] === one.value && cell[other.axis] === other.value))
			.map((other) => [one.value, other.value]),
	);
	expect(missing).toEqual([]);
	expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(cells.length);
});
