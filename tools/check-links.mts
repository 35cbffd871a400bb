/** Checks that every relative link of the documents leads to a file of the repository and, with a #, to a heading of it. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { documents } from "./documents.mts";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const withoutCode = (text: string) =>
	text
		.replace(/^(```+)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, ""))
		.replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length));

/** The places of a document that a link can name, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
	const seen = new Map<string, number>();
	const headings = [...text.replace(/^(```+)[\s\S]*?^\1/gm, "").matchAll(/^#{1,6} +(.+)$/gm)].map(
		({ 1: title = "" }) => {
			const slug = title
				.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
				.toLowerCase()
				.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
				.replaceAll(" ", "-");
			const times = seen.get(slug) ?? 0;
			seen.set(slug, times + 1);
			return times === 0 ? slug : `${slug}-${times}`;
		},
	);
	return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(({ 1: id = "" }) => id)]);
}

const ignored = (path: string) => {
	try {
		execFileSync("git", ["check-ignore", "--quiet", path], { cwd: root });
		return true;
	} catch {
		return false;
	}
};

let links = 0;
const dead = documents.flatMap((document) => {
	const text = withoutCode(readFileSync(join(root, document), "utf8"));
	return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(({ 1: link = "", index }) => {
		if (/^[a-z]+:/.test(link)) return [];
		links++;
		const at = `${document}:${text.slice(0, index).split("\n").length}`;
		const [path = "", anchor] = link.split("#");
		const target = path === "" ? join(root, document) : join(root, dirname(document), decodeURI(path));
		const name = relative(root, target);
		if (name.startsWith("..")) return [`${at} links to ${link}, which is outside of the repository.`];
		if (!existsSync(target) || ignored(target)) return [`${at} links to ${link}, and there is no ${name}.`];
		if (anchor === undefined || !target.endsWith(".md") || !statSync(target).isFile()) return [];
		if (anchorsOf(readFileSync(target, "utf8")).has(anchor)) return [];
		return [`${at} links to ${link}, and ${name} has no heading #${anchor}.`];
	});
});
if (dead.length > 0) {
	console.error(dead.join("\n"));
	process.exitCode = 1;
} else say(`${links} relative links of ${documents.length} documents lead somewhere.`);
