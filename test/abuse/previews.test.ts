import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { report } from "../../src/cli/report/clusters";
import { render } from "../../src/cli/report/markdown";
import { readPreview, readState } from "../../src/cli/report/preview";
import { harmlessJson } from "../../src/core/visible";
import { garbled, garblings } from "./garbled";
import { hostileTexts } from "./misuse";

const recorded = (name: string) => readFileSync(join(__dirname, `../cli/report/previews/${name}.json`), "utf8");
const names = ["bump", "create", "delete", "one-refused", "refresh"];
const previews = Object.fromEntries(names.map((name) => [name, recorded(name)]));

/** What could act in a comment: a tag that the report does not use, a mention, a link of somebody else's, a picture. */
function expectTame(markdown: string): void {
	expect(markdown.replaceAll(/[\n\u200b]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
	const outside = markdown.replaceAll(/```mermaid\n[^`]*```/g, "").replace(/^<!-- [\w :./-]* -->/, "");
	expect(outside.replaceAll(/<\/?(code|details|summary)( open)?>|\(<https?:[^<>\s]*>\)/g, "")).not.toMatch(/<|@\w/);
	expect(outside.replaceAll(/\\[[\]]/g, "").replaceAll(/\[[^\]]*\]\(<https?:/g, "")).not.toMatch(/\]\(|!\[/);
}

test("a preview's output becomes a report, whatever is in it, or is one error", () => {
	fc.assert(
		fc.property(fc.constantFrom(...names), fc.array(garblings, { minLength: 1, maxLength: 3 }), (name, faults) => {
			const text = faults.reduce(garbled, previews[name] ?? "");
			try {
				const found = report(readPreview(text));
				const markdown = render(found, { limit: 20_000 });
				expectTame(markdown);
				expect(markdown.length).toBeLessThan(20_001);
				harmlessJson(found);
			} catch (error) {
				expect((error as Error).message).toMatch(/^it is not the output of pulumi preview --json: /);
				expect((error as Error).message.length).toBeLessThan(300);
			}
		}),
		{ numRuns: 600 },
	);
});

test("hostile names and messages do not act in a comment, wherever they stand", () => {
	const hostile = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: "binary" }));
	fc.assert(
		fc.property(hostile, hostile, hostile, (name, message, line) => {
			const urn = `urn:pulumi:${name}::shop::dbcluster:index:DbCluster::${name}`;
			const failed = `error: dbcluster:index:DbCluster resource '${name}': property version value {1.8.0} has a problem: ${message}`;
			const preview = {
				steps: [
					{
						op: "update",
						urn,
						newState: { urn, inputs: { caveats: { [message]: { [line]: message, order: line, notes: line } } } },
					},
					{
						op: "update",
						urn: `${urn}2`,
						newState: { urn, inputs: { caveats: { "1.7.1 -> 1.8.0": { reads: message } } } },
					},
				],
				diagnostics: [
					{ urn, message: failed, severity: "error" },
					{ message, severity: "error", urn: message },
				],
			};
			expectTame(render(report(readPreview(JSON.stringify(preview))), { title: name, marker: message, url: line }));
		}),
		{ numRuns: 600 },
	);
});

test("messages and files that are long take no time that grows with their square", () => {
	const urn = "urn:pulumi:live::shop::dbcluster:index:DbCluster::a";
	const message = `error: a resource '${"': property p value v".repeat(50_000)}`;
	const text = `${"\n".repeat(300_000)}${JSON.stringify({ diagnostics: [{ urn, message, severity: "error" }] })}`;
	expect(report(readPreview(text)).clusters).toMatchObject([{ verdict: "refused" }]);
	expect(() => readState("\n".repeat(300_000))).toThrow("it is not the output of pulumi stack export");
});
