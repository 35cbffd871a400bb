import { describe, expect, test } from "vitest";
import { cli } from "../run";
import { changed, reportOf } from "./recorded";

describe("the last update as an estimate", () => {
	const lastUpdate = {
		from: "26.4.1.1",
		to: "26.5.1.1",
		started: "2026-11-20T10:00:00.000Z",
		seconds: 14.33,
		outcome: "finished",
		replicas: [
			{ name: "analytics-0-1", outSeconds: 6.2 },
			{ name: "analytics-0-0", outSeconds: 5.8 },
		],
	};
	const withLast = async (last: unknown) => {
		const file = changed("bump", (_, { steps }) => {
			for (const { op, oldState } of steps) if (op === "update") oldState.outputs.lastUpdate = last;
		});
		return (await cli(["report", file])).stdout;
	};

	test("is told", async () => {
		expect(await withLast(lastUpdate)).toContain(
			"- **time**: about 14 s, like the last update (26.4.1.1 → 26.5.1.1 on 2026-11-20; 2 replicas, each down for 5.8 s to 6.2 s)\n",
		);
	});

	test.each([
		["it stopped midway", { ...lastUpdate, outcome: "stopped" }],
		["somebody edited it", { ...lastUpdate, seconds: "long" }],
		["it is secret", "[secret]"],
		["none was taken out", { ...lastUpdate, replicas: [] }],
	])("is none where %s", async (_, last) => {
		expect(await withLast(last)).toBe(await reportOf("bump"));
	});
});
