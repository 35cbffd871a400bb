import { describe, expect, test, vi } from "vitest";
import { running } from "../engine";
import { scripted } from "../scripted-platform";
import { lines, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

describe("an unchanged cluster", () => {
	test("is no diff, and nothing but its record is read", async () => {
		const engine = await running("1.9.0");
		const before = world().calls;
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
		expect(world().calls - before).toBe(1);
	});

	test("may be out of reach", async () => {
		const engine = await running("1.9.0");
		scripted.unreachable = true;
		expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
	});

	test("tells of a newer version where the user's own list names one", async () => {
		const engine = await running("1.8.0", { versions: { list: [{ version: "1.8.0" }, { version: "1.9.0" }] } });
		lines.length = 0;
		await engine.preview({ version: "1.8.0", versions: { list: [{ version: "1.8.0" }, { version: "1.9.0" }] } });
		expect(lines).toEqual(["a runs 1.8.0, and 1.9.0 is available. To update, set version to 1.9.0 and run pulumi up."]);
	});
});
