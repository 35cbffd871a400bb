import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(__dirname, "../../..");

test("every argument has an example, and every optional one says its default", () => {
	// What the component shares with DbCluster is declared there.
	const shared = ["args/args", "args/kubernetes-args"];
	const found = [...shared, "component/args", "component/access-args", "component/pod-args"].flatMap((file) => {
		const text = readFileSync(join(root, `src/pulumi/${file}.ts`), "utf8");
		return [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n(?:\t\/\/.*\n)?\t(\w+)(\??): /g)];
	});
	expect(found.length).toBeGreaterThan(55);
	for (const [, comment = "", name, optional] of found) {
		expect(comment, name).toContain("@example");
		if (optional) expect(comment, name).toContain("@default");
	}
});
