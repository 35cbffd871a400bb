import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CaveatNote, caveats } from "../../../src/core/caveats";
import { plan } from "../../../src/core/plan";
import { caveatsInput } from "../../../src/words/caveats";
import { clusters } from "../../arbitrary";
import { cluster, v } from "../../build";
import { cli } from "../run";
import { changed, reportOf } from "./recorded";

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

	const hidden = "The effect on reads and writes is not shown, because an argument is a secret.";
	const secrets = [
		"[secret]",
		{ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "" },
	];

	test.each(secrets)("where they are secret, that is said: %j", async (secret) => {
		const { stdout } = await cli(["report", withCaveats(secret)]);
		expect(stdout).toContain(hidden);
		const settings = changed("settings", (_, { steps }) => {
			for (const { newState } of steps) if (newState?.inputs?.desiredState) newState.inputs.caveats = secret;
		});
		const said = (await cli(["report", settings])).stdout;
		expect(said).toContain(hidden);
		expect(said).not.toContain("No replica restarts.");
	});

	describe("where there are none because an argument is not known yet, that is said", () => {
		// As passwordGeneration does it: the Secret's name is known once the Secret exists.
		const kubernetes = { passwordSecret: { name: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } };
		const unknown = "What the change does is known only during pulumi up, because an argument is not known yet.";
		const reported = async (name: string, inputs: (old: Record<string, unknown>) => object) => {
			const file = changed(name, (_, { steps }) => {
				for (const { op, newState } of steps) if (op === "update") newState.inputs = { ...inputs(newState.inputs) };
			});
			return (await cli(["report", file])).stdout;
		};

		test("of an update of the version", async () => {
			const stdout = await reported("bump", ({ caveats, ...inputs }) => ({ ...inputs, kubernetes }));
			expect(stdout).toContain("will be updated");
			expect(stdout).toContain(`\n\n${unknown}\n`);
			expect(stdout).not.toContain("a secret");
		});

		test("of a change of settings, also beside what the desired state means", async () => {
			const stdout = await reported("settings", ({ caveats, desiredState, ...inputs }) => ({ ...inputs, kubernetes }));
			expect(stdout).toContain("will be changed");
			expect(stdout).toContain(`\n\n${unknown}\n`);
			expect(stdout).not.toContain("No replica restarts.");
			const desired = await reported("settings", ({ caveats, ...inputs }) => ({ ...inputs, kubernetes }));
			expect(desired).toMatch(new RegExp(`\\*\\*after the update\\*\\*: .*\n\n${unknown}\n`));
		});

		test("and not of a creation, nor where there are some or all is known", async () => {
			const create = changed("create", (_, { steps }) => {
				for (const { op, newState } of steps) if (op === "create") newState.inputs = { ...newState.inputs, kubernetes };
			});
			expect(JSON.parse((await cli(["report", create, "--json"])).stdout).clusters[0]).not.toHaveProperty("unsaid");
			expect(await reported("bump", (inputs) => ({ ...inputs, kubernetes }))).toBe(await reportOf("bump"));
			const stdout = await reported("settings", ({ caveats, desiredState, ...inputs }) => inputs);
			expect(stdout).toContain("\n\nNo replica restarts.\n");
			expect(stdout).not.toContain(unknown);
		});
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
