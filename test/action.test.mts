import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

interface Step {
	readonly if?: string;
	readonly "continue-on-error"?: boolean;
	readonly uses?: string;
	readonly run?: string;
	readonly with?: Readonly<Record<string, unknown>>;
	readonly env?: Readonly<Record<string, string>>;
	readonly "working-directory"?: string;
}
interface Action {
	readonly inputs: Readonly<
		Record<string, { readonly description: string; readonly required?: boolean; readonly default?: string }>
	>;
	readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
	readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}
interface Job {
	readonly if: string;
	readonly permissions: Readonly<Record<string, string>>;
	readonly concurrency: { readonly group: string; readonly "cancel-in-progress": boolean };
	readonly "timeout-minutes": number;
	readonly steps: readonly Step[];
}
interface Workflow {
	readonly on: Readonly<Record<string, unknown>>;
	readonly permissions: object;
	readonly jobs: { readonly preview: Job; readonly up: Job };
}

const action = loadYaml<Action>(read("action.yml"));
const expression = (text: string) => `\${{ ${text} }}`;
const script = read("action/preview.sh");

describe("the action", () => {
	const [step, comment, denied] = action.runs.steps;

	test("uses each input that it has, and no other", () => {
		const used = [...read("action.yml").matchAll(/\binputs\.([\w-]+)/g)].map(([, name]) => name);
		expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort());
	});

	test("describes each input, and has a default for each that is not required", () => {
		for (const [name, { description, required, default: value }] of Object.entries(action.inputs)) {
			expect(description, name).toMatch(/\.$/);
			expect(required ?? false, name).toBe(value === undefined);
		}
	});

	test("hands values over by the environment: none is part of a command", () => {
		for (const { run } of action.runs.steps) expect(run ?? "").not.toContain("${{");
		const given = Object.keys(step?.env ?? {});
		const used = [...script.matchAll(/\bDBCLUSTER_\w+/g)].map(([name]) => name);
		expect([...new Set(used)].sort()).toEqual(given.sort());
	});

	test("runs one action of others, which is pinned by its commit", () => {
		expect(action.runs.steps.flatMap(({ uses }) => uses ?? [])).toEqual([
			expect.stringMatching(/^marocchino\/sticky-pull-request-comment@[0-9a-f]{40}$/),
		]);
	});

	test("comments also when the preview failed, where it is wanted and there is a report", () => {
		expect(comment?.if).toBe(
			expression("!cancelled() && inputs.comment == 'true' && steps.preview.outputs.report != ''"),
		);
		expect(comment?.with?.path).toBe(expression("steps.preview.outputs.report"));
	});

	test("has one comment a stack, and begins none where no cluster changes", () => {
		expect(comment?.with?.header).toContain("inputs.marker || format('{0}:{1}', inputs.work-dir, inputs.stack-name)");
		expect(comment?.with?.only_update).toBe(expression("steps.preview.outputs.unchanged"));
	});

	test("ends as the preview did where the comment may not be written, and says which permission is missing", () => {
		expect(step?.["continue-on-error"]).toBeUndefined();
		expect(comment?.["continue-on-error"]).toBe(true);
		expect(denied?.if).toBe(expression("!cancelled() && steps.comment.outcome == 'failure'"));
		expect(denied?.run).toMatch(
			/^echo '::warning title=pulumi-dbcluster::The report is not in the pull request.+permissions: pull-requests: write/,
		);
	});

	test("gives the token to the comment alone", () => {
		const withToken = action.runs.steps.filter((it) => JSON.stringify(it).includes("inputs.github-token"));
		expect(withToken).toEqual([comment]);
	});

	test("has the outputs that the script writes", () => {
		const written = [...script.matchAll(/echo "([\w-]+)=[^"]*" >>"\$GITHUB_OUTPUT"/g)].map(([, name]) => name);
		const used = [...read("action.yml").matchAll(/steps\.preview\.outputs\.([\w-]+)/g)].map(([, name]) => name);
		expect([...new Set(used)].sort()).toEqual(written.sort());
		for (const [name, { value }] of Object.entries(action.outputs))
			expect(value).toBe(expression(`steps.preview.outputs.${name}`));
	});
});

describe("the workflow to copy", () => {
	const text = read("examples/github/workflow.yml");
	const { on, permissions, jobs } = loadYaml<Workflow>(text);
	const ours = jobs.preview.steps.find(({ uses }) => uses?.startsWith("OWNER/pulumi-dbcluster@"));

	test("previews pull requests of the repository itself, with its own rights only, and puts out what was merged", () => {
		expect(Object.keys(on).sort()).toEqual(["pull_request", "push"]);
		expect(text).not.toContain("pull_request_target");
		expect(jobs.preview.if).toContain("github.event.pull_request.head.repo.full_name == github.repository");
		expect(jobs.up.if).toBe("github.event_name == 'push'");
	});

	test("has the least permissions", () => {
		expect(permissions).toEqual({});
		expect(jobs.preview.permissions).toEqual({ contents: "read", "pull-requests": "write" });
		expect(jobs.up.permissions).toEqual({ contents: "read" });
	});

	test("runs one preview of a pull request at a time, and never cuts an update off for the next one", () => {
		expect(jobs.preview.concurrency).toEqual({
			group: `preview-\${{ github.event.pull_request.number }}`,
			"cancel-in-progress": true,
		});
		expect(jobs.up.concurrency["cancel-in-progress"]).toBe(false);
		expect(jobs.up["timeout-minutes"]).toBeGreaterThanOrEqual(60);
	});

	test("gives the action inputs that it has, and all that it needs", () => {
		const given = Object.keys(ours?.with ?? {});
		expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(given));
		const required = Object.entries(action.inputs).filter(([, { required }]) => required);
		expect(given).toEqual(expect.arrayContaining(required.map(([name]) => name)));
	});

	test("pins what others wrote by its commit", () => {
		const others = [...jobs.preview.steps, ...jobs.up.steps].filter(
			({ uses }) => uses !== undefined && uses !== ours?.uses,
		);
		expect(others).not.toEqual([]);
		for (const { uses } of others) expect(uses).toMatch(/@[0-9a-f]{40}$/);
	});

	test("gives secrets to the one step that needs them", () => {
		const all = [...jobs.preview.steps, ...jobs.up.steps];
		const withSecrets = all.filter((step) => JSON.stringify(step).includes("secrets."));
		expect(withSecrets).toEqual([ours, jobs.up.steps.at(-1)]);
		for (const { run } of all) expect(run ?? "").not.toContain("${{");
	});
});
