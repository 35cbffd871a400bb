import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(__dirname, "..");

/** Names that stand more than once, since each of these files has its own of the same thing. */
const same: readonly string[] = [
	// What Pulumi asks of the provider, and what the provider asks of a platform for it.
	"create",
	"destroy",
	// What the port asks of StatefulSets of ours, and of adopted ones.
	"assess",
	"configure",
	// What each platform makes of its settings and of a replica's place.
	"readSettings",
	// What a program declares: with the dynamic provider, and with the plugin.
	"DbCluster",
	"replicaName",
];

/** The names that a file declares and exports at its top. */
function exportedBy(file: string): string[] {
	const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2023);
	return source.statements.flatMap((statement) => {
		if (!ts.canHaveModifiers(statement)) return [];
		if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
		const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
		return declared.flatMap((one) => {
			const name = ts.getNameOfDeclaration(one as ts.Declaration);
			return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
		});
	});
}

test("one word is one thing: no two files export the same name, but for what is the same in each of them", () => {
	const files = new Map<string, Set<string>>();
	for (const file of globSync("src/**/*.ts", { cwd: root }))
		for (const name of exportedBy(file)) files.set(name, (files.get(name) ?? new Set()).add(file));
	expect(files.size).toBeGreaterThan(500);
	const twice = [...files].filter(([name, { size }]) => size > 1 && !same.includes(name));
	expect(twice.map(([name, at]) => `${name}: ${[...at].join(", ")}`)).toEqual([]);
	expect(same.filter((name) => (files.get(name)?.size ?? 0) < 2)).toEqual([]);
});
