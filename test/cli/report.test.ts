import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changed, recorded, reportOf, state, written } from "./report/recorded";
import { cli } from "./run";

describe("a preview that the CLI printed", () => {
	test.each([
		["create", []],
		["bump", []],
		["one-refused", state],
		["fleet", []],
		["settings", []],
		["replaced", []],
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

	test("all steps of a resource count: a refresh comes before its update", async () => {
		expect(await reportOf("refresh")).toContain("**1 will be updated, 2 unchanged**");
		expect((await cli(["report", recorded("refresh"), "--exit-code"])).status).toBe(2);
	});

	test("the steps of a replacement, and a stream of events, say the same as the preview without them", async () => {
		const told = await reportOf("replaced");
		expect(await reportOf("replaced-steps")).toBe(told);
		expect(await reportOf("stream.jsonl")).toBe(told);
		const file = written(`warning: a new version is out\n${readFileSync(recorded("stream.jsonl"), "utf8")}`);
		expect((await cli(["report", file])).stdout).toBe(told);
	});

	test("a replacement that creates first, or whose old entry is retained, deletes nothing", async () => {
		expect(await reportOf("replaced-after")).toContain("2 will be replaced");
		const retained = changed("replaced", (_, { steps }) => {
			for (const { oldState } of steps) if (oldState?.pendingReplacement) oldState.retainOnDelete = true;
		});
		expect((await cli(["report", retained])).stdout).toContain("2 will be replaced");
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
		expect(markdown).toContain("1 refused, 3 not checked.");
		for (const name of ["analytics", "shop/logs", "logs"])
			expect(markdown).toContain(`| \`${name}\` | ❓ not checked |`);
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

	test("says that nothing is deleted where a create before the delete keeps the cluster, as after a move", async () => {
		const keeps = { "taken over": { cluster: "exists already" } };
		const moved = (more: object) =>
			changed("delete", (_, { steps }) => {
				const gone = steps.findIndex(({ op }) => op === "delete");
				const { urn = "", oldState } = steps[gone] ?? {};
				if (oldState === undefined) throw new Error("nothing is deleted there");
				oldState.inputs.deletionPolicy = "Delete";
				const inputs = { endpoint: oldState.outputs.endpoint, caveats: keeps, ...more };
				const newState = { ...oldState, urn: `${urn}-2`, inputs, outputs: {} };
				const create: Partial<(typeof steps)[number]> = { op: "create", urn: `${urn}-2`, newState };
				steps.splice(gone, 0, create as (typeof steps)[number]);
			});
		const { stdout } = await cli(["report", moved({})]);
		expect(stdout).toContain("moves to another resource; nothing is deleted");
		expect(stdout).not.toContain("Its data is deleted with it");
		for (const more of [{ endpoint: "http://127.0.0.1:1" }, { caveats: {} }])
			expect((await cli(["report", moved(more)])).stdout).toContain("Its data is deleted with it");
	});

	test("says the same in whatever order the preview did, and that nothing restarts where that is so", async () => {
		const file = changed("settings", (_, preview) => {
			for (const { newState } of preview.steps) delete newState?.inputs?.desiredState;
			preview.steps.reverse();
		});
		const { stdout } = await cli(["report", file]);
		const before = await reportOf("settings");
		expect(stdout).toBe(before.replace(/- \*\*after the update.*/, "No replica restarts."));
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
		expect(stdout).toContain("- the preview failed here; the log shows the reason.");
	});
});

describe("a preview that failed for a reason that it did not print", () => {
	test("fails where its exit status says so", async () => {
		const { status, stdout } = await cli(["report", recorded("bump"), "--status", "1", "--exit-code"]);
		expect(status).toBe(3);
		expect(stdout).toContain("**The preview failed.** 1 will be updated.");
	});

	test("gives each refusal with its rule as JSON, and without it to people", async () => {
		const file = recorded("stream-refused.jsonl");
		const { format, clusters } = JSON.parse((await cli(["report", file, "--json"])).stdout);
		expect(format).toBe(1);
		expect(clusters[0]).toMatchObject({
			name: "orders",
			verdict: "refused",
			refusals: [
				{ property: "version", rule: "no-downgrade", reason: expect.stringMatching(/never goes back.*\.$/) },
				{ property: "version", rule: "known-version", reason: expect.stringMatching(/is not a known version.*\.$/) },
			],
		});
		expect((await cli(["report", file])).stdout).not.toMatch(/no-downgrade|known-version/);
		// What is wrong with an argument comes from no rule.
		const wrong = JSON.parse((await cli(["report", recorded("inputs-wrong"), "--json"])).stdout);
		const replicas = wrong.clusters[0].refusals.find((it: { property: string }) => it.property === "replicas");
		expect(replicas).toEqual({ property: "replicas", reason: expect.stringMatching(/^0 is not/) });
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
		expect(stdout).toContain("**The preview failed before it reached any cluster.** 4 not checked.");
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
		expect(stdout).toMatch(/\d+ more clusters are not listed: the report would exceed its size limit\./);
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
		[
			"no JSON",
			() => [written("no JSON")],
			"can't be read: it is not the output of pulumi preview --json: it is not JSON",
		],
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
