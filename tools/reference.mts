/**
 * Writes docs/reference from the types and docstrings of the entry points. With `--check` it only says whether they are
 * the same. What is public and has no docstring, or a link to nothing, is an error.
 */
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
	Application,
	type Comment,
	type CommentTag,
	type DeclarationReflection,
	type Reflection,
	ReflectionKind,
} from "typedoc";
import { type MarkdownPageEvent, MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

/** Defaults and short examples in one line each, where the plugin makes a heading and a block of each. */
class CompactContext extends MarkdownThemeContext {
	constructor(...args: ConstructorParameters<typeof MarkdownThemeContext>) {
		super(...args);
		const { comment } = this.partials;
		this.partials.comment = (model, options) => {
			const rest: Comment = model.clone();
			const short = model.blockTags.filter(isShort);
			rest.blockTags = rest.blockTags.filter((tag) => !isShort(tag));
			const examples = short.filter(({ tag }) => tag === "@example").map((tag) => code(textOf(tag)));
			const lines = [
				...short.filter(({ tag }) => tag === "@default").map((tag) => `**Default:** ${value(textOf(tag))}`),
				...(examples.length === 0 ? [] : [`**For example:** ${examples.join(" or ")}`]),
			];
			const withTags = options?.showTags ?? true;
			return [comment(rest, options), ...(withTags ? lines : [])].filter((part) => part !== "").join("\n\n");
		};
	}
}

class CompactTheme extends MarkdownTheme {
	override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
		return new CompactContext(this, page, this.application.options);
	}
}

const isShort = (tag: CommentTag) => ["@default", "@example"].includes(tag.tag) && !textOf(tag).includes("\n");

/** TypeDoc takes what stands after these tags for TypeScript, and makes a block of it. */
function textOf({ content }: CommentTag): string {
	const text = content.map((part) => part.text).join("");
	return text
		.trim()
		.replace(/^```ts\n([\s\S]*)\n```$/, "$1")
		.trim();
}

const code = (text: string) => (text.startsWith("`") ? text : `\`${text}\``);
/** A default may be a value or words about one. */
const value = (text: string) => (/^(["{[\d]|(true|false)$)/.test(text) ? code(text) : text);

const checks = process.argv.includes("--check");
const committed = join(root, "docs", "reference");
const out = checks ? join(root, "node_modules", ".cache", "reference") : committed;

const app = await Application.bootstrapWithPlugins({
	options: join(root, "typedoc.json"),
	out,
	logLevel: "Warn",
});
app.renderer.defineTheme("compact", CompactTheme);
app.options.setValue("theme", "compact");
const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
// Each interface shows all that it takes, wherever the sources write it down.
for (const reflection of Object.values(project.reflections) as DeclarationReflection[]) {
	if (reflection.kindOf(ReflectionKind.Property)) delete reflection.inheritedFrom;
	if (reflection.kindOf(ReflectionKind.Interface)) delete reflection.typeHierarchy;
}
// What a class takes comes right after it.
for (const module of project.children ?? []) {
	const taken = new Set(module.children?.map(({ name }) => `${name}Args`));
	for (const group of module.groups ?? []) group.children.sort((a, b) => +taken.has(b.name) - +taken.has(a.name));
}
rmSync(out, { recursive: true, force: true });
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

const pages = (folder: string) =>
	globSync("**/*.md", { cwd: folder })
		.sort()
		.map((file) => `${file}\n${readFileSync(join(folder, file), "utf8")}`);
const made = pages(out);
if (checks && made.join() !== pages(committed).join()) {
	console.error("docs/reference is not what the docstrings say: run `node tools/reference.mts`.");
	process.exit(1);
}
say(checks ? `${made.length} pages of docs/reference say what the docstrings say.` : `Wrote ${made.length} pages.`);
