import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./environment.mts";

/** A text of the sources that a person may read. */
export interface Text {
	/** `src/words/stop.ts:33`. */
	readonly at: string;
	/** What stands in the source, without what is filled in: one more than there are holes. */
	readonly parts: readonly string[];
	/** As one line, with what is filled in as `<name>`. */
	readonly shown: string;
}

/** Texts that no person reads, by their file and, where it holds others too, by how they begin; each with the reason. */
export const notRead: readonly { readonly file: string; readonly begins?: string; readonly why: string }[] = [
	{ file: "src/platforms/kubernetes/render/server-config.ts", why: "the servers' configuration" },
	{ file: "src/platforms/kubernetes/render/pod.ts", why: "the startup probe" },
	{ file: "src/pulumi/component/plugin.ts", begins: "there is no", why: "no program that goes by the schema sees it" },
	{ file: "src/platforms/kubernetes/api/api.ts", begins: "no path of", why: "a bug of ours, not a person's matter" },
	{ file: "src/control/sql.ts", why: "SQL" },
	{ file: "src/platforms/kubernetes/ask/inventory.ts", why: "SQL" },
	{ file: "src/platforms/kubernetes/adopted/data.ts", begins: "<disks> WHERE", why: "SQL" },
	{ file: "src/platforms/kubernetes/ask/server.ts", begins: "query NOT LIKE", why: "SQL" },
	{ file: "src/platforms/kubernetes/trial/pod.ts", why: "the servers' configuration" },
	{ file: "src/platforms/kubernetes/trial/settings.ts", why: "the servers' configuration, and SQL" },
	{ file: "src/platforms/kubernetes/trial/rehearse.ts", begins: "CREATE TABLE", why: "SQL" },
	{ file: "src/rehearsal/definitions.ts", why: "SQL" },
	{ file: "src/rehearsal/queries.ts", begins: "SYSTEM FLUSH", why: "SQL" },
	{ file: "src/rehearsal/stand-ins.ts", why: "SQL" },
	{ file: "src/platforms/local/holds.ts", why: "SQL, and what is compared" },
	{
		file: "src/pulumi/judge/judge.ts",
		begins: "it has no say",
		why: "stands in where no rule that is asked looks at it",
	},
	{ file: "src/platforms/kubernetes/ask/flush.ts", begins: "broken_data_files", why: "SQL" },
	{ file: "src/platforms/kubernetes/ask/flush.ts", begins: "data_files >", why: "SQL" },
	{ file: "src/platforms/kubernetes/ask/flush.ts", begins: "SYSTEM FLUSH DISTRIBUTED", why: "SQL" },
	{ file: "src/platforms/kubernetes/ask/flush.ts", begins: "SYSTEM FLUSH ASYNC", why: "SQL" },
	{ file: "src/cli/timeline-svg.ts", why: "markup" },
	{ file: "src/pulumi/component/keeper-config.ts", why: "Keeper's configuration" },
	{ file: "src/pulumi/judge/check-new.ts", why: "facts that stand in where no rule that is asked looks at them" },
	{
		file: "src/pulumi/judge/facts.ts",
		begins: "there is nothing to ask",
		why: "a bug of ours",
	},
	{ file: "src/platforms/local/request.ts", begins: "user password", why: "a list of names" },
	{ file: "src/platforms/local/determinism.ts", begins: "now now64", why: "a list of names" },
	{ file: "src/platforms/local/determinism.ts", begins: "fuzzJSON", why: "a list of names" },
	{ file: "src/platforms/local/determinism.ts", begins: "async_insert", why: "a list of names" },
	{ file: "src/platforms/local/outside.ts", begins: "arrowstream", why: "a list of names" },
	{ file: "src/platforms/local/access.ts", begins: "SHOW, SELECT", why: "SQL" },
	{ file: "src/platforms/local/chdb.ts", begins: "DETACH DATABASE", why: "SQL" },
	{ file: "src/platforms/local/chdb.ts", begins: "ATTACH DATABASE", why: "SQL" },
	{ file: "src/platforms/local/writer.ts", begins: "<head> FROM INFILE", why: "SQL" },
	{ file: "src/platforms/local/installed.ts", begins: "process.stdout.write", why: "a program" },
	{ file: "src/platforms/local/statement.ts", begins: "CREATE REPLACE DROP", why: "a list of names" },
];

/** What is no prose by its form, as the source has it: SQL, a content type, markup. */
const formal =
	/^\s*(SELECT (?!keeps)|SHOW CREATE|SETTINGS|SYSTEM ST\w+|CREATE (DATABASE|\S+) IF|DROP TABLE IF)|^[a-z]+\/[-+.\w]+[;,]|^\s*(<\w|[-\w]+=")/;

/** Fewer words than this are no sentence, and stand in many: `and`, `of all`. */
const fewestWords = 3;

export const wordsOf = (text: string) => text.match(/[a-z']{2,}/gi) ?? [];

/** Every text of the sources that a person may read, in the order of the files. */
export function textsOf(files: readonly string[] = globSync("src/**/*.ts", { cwd: root }).sort()): Text[] {
	return files.flatMap((file) => {
		const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2023, true);
		const texts: Text[] = [];
		const visit = (node: ts.Node): void => {
			if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
			if (isHelp(node)) {
				// What stands before it in a chain of calls may speak.
				visit(node.expression);
				return;
			}
			const text = textOf(node);
			if (
				text !== undefined &&
				wordsOf(text.parts.join(" | ")).length >= fewestWords &&
				!formal.test(text.parts[0] ?? "")
			) {
				const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
				texts.push({ at: `${file}:${line}`, ...text });
			}
			ts.forEachChild(node, visit);
		};
		visit(source);
		return texts.filter(({ shown }) => !notRead.some((rule) => names(rule, file, shown)));
	});
}

/** What a command prints about itself when it is asked. */
const isHelp = (node: ts.Node): node is ts.CallExpression =>
	ts.isCallExpression(node) &&
	ts.isPropertyAccessExpression(node.expression) &&
	["description", "summary", "usage", "argument", "option", "requiredOption", "addHelpText"].includes(
		node.expression.name.text,
	);

/** Those of {@link notRead} that name nothing any more. */
export function idleExceptions(): string[] {
	const sources = globSync("src/**/*.ts", { cwd: root });
	return notRead
		.filter(({ file, begins = "" }) => {
			if (!sources.includes(file)) return true;
			// The beginning as it stands in the source, up to what is filled in.
			return !readFileSync(join(root, file), "utf8").includes(begins.replace(/<\w+>/g, "$").split("$").at(-1) ?? "");
		})
		.map(({ file, begins }) => (begins === undefined ? file : `${file}: ${begins}`));
}

const names = (rule: (typeof notRead)[number], file: string, shown: string) =>
	rule.file === file && (rule.begins === undefined || shown.startsWith(rule.begins));

function textOf(node: ts.Node): Pick<Text, "parts" | "shown"> | undefined {
	const line = (text: string) => text.replace(/\s+/g, " ");
	if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
		// One word, however long, is a name, a path or a pattern.
		return node.text.trim().includes(" ") ? { parts: [line(node.text)], shown: line(node.text) } : undefined;
	}
	if (!ts.isTemplateExpression(node)) return undefined;
	const parts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].map(line);
	if (!parts.join("").trim().includes(" ")) return undefined;
	const holes = node.templateSpans.map(({ expression }) => `<${holeName(expression.getText())}>`);
	return { parts, shown: parts.map((part, index) => `${part}${holes[index] ?? ""}`).join("") };
}

/** `oneLine(refusal.why, 40)` is `why`. */
function holeName(expression: string): string {
	const [first] = expression.match(/\w+(?=\s*[,)?}\]]|$)(?!\()/) ?? [];
	return first === undefined || /^(\d|undefined$)/.test(first) ? "..." : first;
}
