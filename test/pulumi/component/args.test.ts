import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer";
import { expect, test } from "vitest";

const root = join(__dirname, "../../..");

// What other languages' programs see is made by this: it refuses unions, callbacks and what else they have no word for.
test("Pulumi's own analyzer makes a schema of the component", () => {
	const folder = mkdtempSync(join(tmpdir(), "dbcluster-schema-"));
	try {
		const entry = join(root, "src/kubernetes.ts");
		const extended = { extends: join(root, "tsconfig.json"), files: [entry], include: [] };
		writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(extended));
		const analyzer = new Analyzer(
			folder,
			"dbcluster",
			{ main: relative(folder, entry) },
			new Set(["KubernetesDbCluster"]),
		);
		const { components } = analyzer.analyze();
		const { inputs = {}, outputs = {} } = components.KubernetesDbCluster ?? {};
		expect(Object.keys(inputs).length).toBeGreaterThan(30);
		expect(inputs.version).toMatchObject({ type: "string" });
		expect(Object.keys(inputs).filter((name) => !inputs[name]?.optional)).toEqual(["version"]);
		expect(Object.keys(outputs).sort()).toEqual([
			"caveats",
			"endpoint",
			"lastUpdate",
			"latestVersion",
			"namespace",
			"previousVersion",
			"replicaVersions",
			"secretName",
			"state",
			"updateAvailable",
			"url",
			"version",
		]);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

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
