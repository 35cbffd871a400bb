import { describe, expect, test } from "vitest";
import { cli } from "../run";
import { changed } from "./recorded";

describe("release notes", () => {
	test("are linked for all versions that the update brings, if they are on the web", async () => {
		const list = [
			{ version: "26.4.1.1", notes: "https://example.com/26.4" },
			{ version: "26.5.1.1", notes: "https://example.com/26.5" },
			{ version: "26.6.1.1", notes: "https://example.com/26.6?a=(b)" },
			{ version: "26.6.2.1" },
			{ version: "26.6.3.1", notes: "javascript:alert(1)" },
			{ version: "26.7.2.1", notes: "https://example.com/26.7" },
			{ version: "26.8.1.1", notes: "https://example.com/26.8" },
		];
		const file = changed("bump", (_, { steps }) => {
			for (const { op, newState } of steps) if (op === "update") newState.inputs.versions = { list };
		});
		expect((await cli(["report", file])).stdout).toContain(
			"- **release notes**: [26.7.2.1](<https://example.com/26.7>), [26.6.1.1](<https://example.com/26.6?a=(b)>)\n",
		);
	});
});

describe("what the caveats say of the release", () => {
	const withNotes = async (notes: string) => {
		const list = [
			{ version: "26.6.1.1", notes: "https://example.com/26.6" },
			{ version: "26.7.2.1", notes: "https://example.com/other" },
		];
		const file = changed("bump", (_, { steps }) => {
			for (const { op, newState } of steps) {
				if (op !== "update") continue;
				newState.inputs.versions = { list };
				newState.inputs.caveats = { "26.5.1.1 -> 26.7.2.1": { notes, reads: "SELECT keeps working" } };
			}
		});
		return (await cli(["report", file])).stdout;
	};

	test("is a link, before those of the versions that are leapt over", async () => {
		const before = "- **release notes**: [26.7.2.1](<https://example.com/26.7>)";
		const after = ", [26.6.1.1](<https://example.com/26.6>)\n";
		expect(await withNotes("https://example.com/26.7")).toContain(`${before}${after}`);
		expect(await withNotes("2026-11-02, https://example.com/26.7")).toContain(`${before} (2026-11-02)${after}`);
	});

	test.each(["2026-11-02", "javascript:alert(1)", "https://a b"])("is plain where it holds none: %s", async (notes) => {
		expect(await withNotes(notes)).toContain(`\n- **notes**: ${notes.replace("s://", "s\\://")}\n`);
	});
});
