import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CaveatNote, caveats } from "../../../src/core/caveats";
import { plan } from "../../../src/core/plan";
import { caveatsInput } from "../../../src/words/caveats";
import { clusters } from "../../arbitrary";
import { cluster, v } from "../../build";
import { cli } from "../run";
import { changed } from "./recorded";

describe("whatever the words of the caveats are", () => {
	const notes: CaveatNote[] = [
		{ note: "artifact", what: "repo/db:1.8.0@sha256:1" },
		{ note: "connections-reset" },
		{ note: "judged-from-record" },
		{ note: "catalogue-unknown", why: "x-|-`<b>@ann" },
	];
	const withCaveats = (input: unknown) =>
		changed("bump", (_, { steps }) => {
			for (const { op, newState } of steps) if (op === "update") newState.inputs.caveats = input;
		});

	test("each is told once, in the order in which a reviewer asks", async () => {
		const observed = cluster("1.7.1 1.7.1 / 1.7.1 1.7.1");
		const input = caveatsInput(caveats(plan(observed, v("1.8.0")), observed, notes));
		const { stdout } = await cli(["report", withCaveats(input)]);
		const names = [...stdout.matchAll(/^- \*\*(\w+)\*\*: /gm)].map(([, name]) => name);
		expect(names).toEqual(["reads", "writes", "order", "resets", "return", "image", "judged", "catalogue"]);
		expect(stdout).toContain(
			[
				"flowchart LR",
				'    r0["analytics-0-1"]',
				'    r0 --> r1["analytics-0-0"]',
				'    r0 --> r2["analytics-1-1"] --> r3["analytics-1-0"]',
				"```",
			].join("\n"),
		);
	});

	test("all of them are there, of any cluster", async () => {
		await fc.assert(
			fc.asyncProperty(clusters, async (observed) => {
				const input = caveatsInput(caveats(plan(observed, v("1.8.0")), observed, notes));
				const lines = Object.values(Object.values(input)[0] ?? {});
				const { stdout } = await cli(["report", withCaveats(input)]);
				expect(stdout.match(/^- \*\*/gm)).toHaveLength(lines.length);
			}),
			{ numRuns: 30 },
		);
	});

	test("where they are secret, that is said", async () => {
		const { stdout } = await cli(["report", withCaveats("[secret]")]);
		expect(stdout).toContain("is not shown, because an argument is a secret.");
	});
});

describe("names that users chose", () => {
	const evil = 'x|y` <img src=x onerror="alert(1)"> @ann #1 ](http://evil) ```\n--> "]; click r0 href "http://evil"';

	test("break out of nothing", async () => {
		const file = changed("fleet", (text, preview) => {
			Object.assign(
				preview,
				JSON.parse(text.replaceAll("DbCluster::analytics", `DbCluster::${JSON.stringify(evil).slice(1, -1)}`)),
			);
			for (const { op, newState } of preview.steps) {
				if (op === "update")
					newState.inputs.caveats = { [evil]: { [evil]: evil, order: `${evil}, then b`, reads: evil } };
			}
		});
		const { stdout } = await cli(["report", file]);
		const { marked } = await import("marked");
		const html = marked.parse(stdout) as string;
		const tags = [...html.replace(/<!--.*?-->/gs, "").matchAll(/<(\w+)([^>]*)>/g)].map(([, name]) => name);
		expect([...new Set(tags)].sort()).toEqual(
			["code", "h3", "h4", "li", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"].sort(),
		);
		expect(html.match(/<tr>/g)).toHaveLength(3);
		expect(stdout).not.toMatch(/@ann|#1\b|[^\\]\]\(http/);
		expect(stdout.match(/```/g)).toBeNull();
	});

	test("are plain labels in the diagram", async () => {
		const file = changed("bump", (_, { steps }) => {
			for (const { op, newState } of steps)
				if (op === "update") newState.inputs.caveats = { "1 -> 2": { order: 'a"]-->b, then c`#' } };
		});
		expect((await cli(["report", file])).stdout).toContain('r0["a#34;#93;--#62;b"] --> r1["c#96;#35;"]\n```');
	});
});
