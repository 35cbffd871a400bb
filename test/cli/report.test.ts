import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CaveatNote, caveats } from "../../src/core/caveats";
import { plan } from "../../src/core/plan";
import { caveatsInput } from "../../src/words/caveats";
import { clusters } from "../arbitrary";
import { cluster, v } from "../build";
import { cli } from "./run";

const previews = join(__dirname, "report/previews");
const recorded = (name: string) => join(previews, `${name}.json`);
const state = ["--state", recorded("state")];

/** The report of a preview that the real CLI printed (test/engine/report.test.mts records them). */
async function reportOf(name: string, ...flags: string[]): Promise<string> {
	const { status, stdout, stderr } = await cli(["report", recorded(name), ...flags]);
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	return stdout;
}

/** A recorded preview with changes: what this machine can't have, such as another platform, or what users may write. */
function changed(name: string, change: (text: string, preview: Preview) => void): string {
	const text = readFileSync(recorded(name), "utf8");
	const preview = JSON.parse(text) as Preview;
	change(text, preview);
	return written(JSON.stringify(preview));
}

interface Preview {
	steps: { op: string; urn: string; oldState: State; newState: State }[];
	diagnostics?: { urn?: string; message: string; severity: string }[];
}
interface State {
	inputs: Record<string, unknown>;
	outputs: Record<string, unknown>;
}

function written(text: string): string {
	const folder = mkdtempSync(join(tmpdir(), "dbc-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "preview.json");
	writeFileSync(file, text);
	return file;
}

describe("a preview that the CLI printed", () => {
	test.each([
		["create", []],
		["bump", []],
		["one-refused", state],
		["fleet", []],
		["settings", []],
		["throws", ["--url", "https://github.com/acme/shop/actions/runs/1"]],
	])("%s", async (name, flags) => {
		await expect(await reportOf(name, ...flags)).toMatchFileSnapshot(`report/golden/${name}.md`);
	});

	test.each([
		["same", 0],
		["same-hidden", 0],
		["create", 2],
		["bump", 2],
		["settings", 2],
		["delete", 2],
		["one-refused", 3],
		["inputs-wrong", 3],
		["place-missing", 3],
		["throws", 3],
	])("%s ends with %i where a script asks", async (name, status) => {
		expect(await cli(["report", recorded(name), "--exit-code"])).toMatchObject({ status, stderr: "" });
		expect(await cli(["report", recorded(name)])).toMatchObject({ status: 0, stderr: "" });
	});

	test.each(["bump", "one-refused"])("the guide shows it as it is: %s", (name) => {
		const guide = readFileSync(join(__dirname, "../../docs/pull-requests.md"), "utf8");
		const shown = guide.split(`<!-- report: ${name} -->\n`)[1]?.split("\n<!-- end -->")[0];
		const [, , ...golden] = readFileSync(join(__dirname, `report/golden/${name}.md`), "utf8")
			.trimEnd()
			.split("\n");
		expect(shown).toBe(golden.join("\n"));
	});

	test("latest shows as the version that it means", async () => {
		expect(await reportOf("bump-latest")).toBe(await reportOf("bump"));
	});

	test("a version shows without the digest that its image must have", async () => {
		const file = changed("bump", (_, { steps }) => {
			for (const { op, newState } of steps) if (op === "update") newState.inputs.version += `@sha256:${"0".repeat(64)}`;
		});
		expect((await cli(["report", file])).stdout).toBe(await reportOf("bump"));
	});

	test("names every refusal, each on its property", async () => {
		const markdown = await reportOf("inputs-wrong");
		for (const property of ["version", "replicas", "desiredState", "replcas"]) {
			expect(markdown).toContain(`\n- \`${property}\`: `);
		}
		expect(await reportOf("place-missing")).toContain("\n- it must say where the cluster lives");
	});

	test("names the clusters that a failed preview did not come to where it gets the state, and no others", async () => {
		expect(await reportOf("one-refused")).toContain("**The preview failed.** 1 refused.\n");
		const markdown = await reportOf("one-refused", ...state);
		expect(markdown).toContain("1 refused, 3 not judged.");
		for (const name of ["analytics", "shop/logs", "logs"])
			expect(markdown).toContain(`| \`${name}\` | ❓ not judged |`);
		expect(await reportOf("fleet", ...state)).toBe(await reportOf("fleet"));
	});

	test("tells that a newer version is available of what does not change", async () => {
		expect(await reportOf("same")).toContain("✅ unchanged: `analytics` (26.5.1.1; 26.7.2.1 is available)");
	});

	test("says what becomes of the data of what is deleted", async () => {
		expect(await reportOf("delete")).toContain("Its data is kept");
		const file = changed("delete", (_, { steps }) => {
			for (const { op, oldState } of steps)
				if (op === "delete" && oldState.inputs) oldState.inputs.deletionPolicy = "Delete";
		});
		expect((await cli(["report", file])).stdout).toContain("Its data is deleted with it");
	});

	test("says the same in whatever order the preview did, and that nothing restarts where that is so", async () => {
		const file = changed("settings", (_, preview) => {
			for (const { newState } of preview.steps) delete newState?.inputs?.desiredState;
			preview.steps.reverse();
		});
		const { stdout } = await cli(["report", file]);
		const before = await reportOf("settings");
		expect(stdout).toBe(before.replace(/- \*\*afterwards.*/, "No replica restarts."));
		expect(stdout).not.toBe(before);
	});

	test("shows nothing that may be a secret: neither other errors nor other inputs", async () => {
		const markdown = await reportOf("throws");
		expect(markdown).not.toContain("no such shop");
		expect(markdown).toContain("1 error is not about a database cluster.");
		const file = changed("one-refused", (_, { diagnostics = [] }) => {
			for (const it of diagnostics) it.message = "error: connect to https://user:hunter2@db failed\n    at index.js:1";
		});
		const { stdout } = await cli(["report", file]);
		expect(stdout).not.toContain("hunter2");
		expect(stdout).toContain("- the preview failed here; its log says why.");
	});
});

describe("a preview that failed for a reason that it did not print", () => {
	test("fails where its exit status says so", async () => {
		const { status, stdout } = await cli(["report", recorded("bump"), "--status", "1", "--exit-code"]);
		expect(status).toBe(3);
		expect(stdout).toContain("**The preview failed.** 1 will be updated.");
	});

	test("is reported where it printed nothing at all", async () => {
		const { status, stdout } = await cli([
			"report",
			written("\n"),
			"--exit-code",
			"--marker",
			"shop:production",
			...state,
		]);
		expect(status).toBe(3);
		expect(stdout).toMatch(/^<!-- pulumi-dbcluster: shop-production -->\n/);
		expect(stdout).toContain("**The preview failed before it came to any cluster.** 4 not judged.");
	});
});

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
			"- **time**: about 14 s, if it goes like the last one (from 26.4.1.1 to 26.5.1.1 on 2026-11-20, 2 replicas, each out for 5.8 s to 6.2 s)\n",
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

describe("whatever the words of the caveats are", () => {
	const notes: CaveatNote[] = [
		{ note: "artifact", what: "repo/db:1.8.0@sha256:1" },
		{ note: "connections-reset" },
		{ note: "judged-from-record", at: "2026-11-23T10:00:00Z" },
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
		expect(stdout).toContain("is not shown, since a secret is among the arguments.");
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

describe("of many clusters", () => {
	const many = (count: number) =>
		changed("bump", (_, preview) => {
			const [stack, step] = preview.steps;
			if (stack === undefined || step === undefined) throw new Error("the recorded preview has no update");
			const copies = Array.from({ length: count }, (_, index) => ({ ...step, urn: `${step.urn}-${index}` }));
			preview.steps = [stack, ...copies, ...copies.map((copy) => ({ ...copy, op: "same", urn: `${copy.urn}-same` }))];
		});

	test("as many are told as have room, and how many have not", async () => {
		const { stdout } = await cli(["report", many(400)]);
		expect(stdout.length).toBeLessThanOrEqual(65_536);
		expect(stdout.length).toBeGreaterThan(40_000);
		expect(stdout).toContain("**400 will be updated, 400 unchanged**");
		const told = stdout.match(/^#### /gm)?.length ?? 0;
		expect(stdout).toMatch(/\d+ more clusters have no room here\./);
		expect(told).toBeGreaterThan(50);
		expect(stdout.match(/<details>/g)).toHaveLength(told);
	});

	test("the limit holds, whatever it is", async () => {
		const file = many(20);
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 700, max: 20_000 }), async (limit) => {
				expect((await cli(["report", file, "--limit", String(limit)])).stdout.length).toBeLessThanOrEqual(limit);
			}),
			{ numRuns: 30 },
		);
	});
});

describe("the command", () => {
	test("takes title, marker and file to write to", async () => {
		const out = written("");
		const { stdout } = await cli([
			"report",
			recorded("bump"),
			"--title",
			"Shop <prod>",
			"--marker",
			"a --> b",
			"--output",
			out,
		]);
		expect(stdout).toBe("");
		expect(readFileSync(out, "utf8")).toMatch(/^<!-- pulumi-dbcluster: a-b -->\n\n### Shop &lt;prod&gt;\n/);
	});

	test.each<[string, () => string[], string]>([
		["no file", () => ["nowhere.json"], "error: nowhere.json can't be read: ENOENT"],
		["no JSON", () => [written("no JSON")], "can't be read: it is not the output of pulumi preview --json: Unexpected"],
		["other JSON", () => [written('{"steps":[{"op":1}]}')], "not the output of pulumi preview --json: steps.0.op:"],
		[
			"no state",
			() => [recorded("bump"), "--state", recorded("bump")],
			"not the output of pulumi stack export: deployment:",
		],
		["no number", () => [recorded("bump"), "--status", "x"], "argument 'x' is invalid. It must be a whole number."],
	])("says what is wrong: %s", async (_, args, words) => {
		const { status, stdout, stderr } = await cli(["report", ...args()]);
		expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
		expect(stderr).toContain(words);
	});

	test("takes lines before the JSON for somebody else's", async () => {
		const text = readFileSync(recorded("bump"), "utf8");
		expect((await cli(["report", written(`warning: a new version is out\n${text}`)])).stdout).toBe(
			await reportOf("bump"),
		);
	});
});
