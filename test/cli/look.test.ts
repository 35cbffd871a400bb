import { expect, test, vi } from "vitest";
import { liveStatus } from "../../src/cli/look";
import { complete } from "../../src/pulumi/args/complete";
import { base, running } from "../pulumi/engine";
import "../pulumi/stage";

vi.mock("../../src/pulumi/args/platforms", () => import("../pulumi/scripted-platform.ts"));

const recorded = { urn: "", name: "a", project: "p", stack: "s", id: "scripted:here/a", inputs: {}, outputs: {} };

test.each([
	["23.3", undefined],
	[
		"25.8",
		[
			{
				rule: "upgrade-path",
				property: "version",
				reason: expect.stringContaining("1.9.0 (built on ClickHouse 25.8)"),
			},
		],
	],
])("an update that would be refused is named with its rule: to ClickHouse %s", async (engine, refusals) => {
	const list = [
		{ version: "1.8.0", engine: "23.3" },
		{ version: "1.9.0", engine },
	];
	const args = { version: "1.8.0", versions: { list } };
	await running("1.8.0", args);
	const status = await liveStatus(recorded, complete({ ...base, ...args }));
	expect(status.next).toMatchObject({ version: "1.9.0" });
	expect(status.refusals).toEqual(refusals);
});
