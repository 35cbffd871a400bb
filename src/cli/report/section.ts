import { readOrder } from "../../words/order";
import { desiredTexts, estimateText, type Verdict, verdicts, versionsText, words } from "../../words/report";
import type { ClusterReport } from "./clusters";
import { code, link, text } from "./markdown-parts";
import { diagram } from "./mermaid";
import { type Notes, readNotes } from "./notes";

/** What a reviewer looks for first; other lines come after these. */
const lineOrder = [
	"reads",
	"writes",
	"state",
	"window",
	"engine",
	"order",
	"resumes",
	"joins",
	"leaves",
	"rejoins",
	"resets",
	"return",
];

/** The Markdown about one cluster; empty if it is unchanged or was not checked. */
export function section(cluster: ClusterReport, diagramsOpen: boolean): string {
	const said = body(cluster, diagramsOpen);
	if (said.length === 0) return "";
	const { sign, says } = verdicts[cluster.verdict];
	const versions = versionsText(cluster.from, cluster.to);
	return [`#### ${sign} ${code(cluster.name)} ${says}${versions === "" ? "" : `: ${text(versions)}`}`, ...said].join(
		"\n\n",
	);
}

function body(cluster: ClusterReport, diagramsOpen: boolean): string[] {
	const { verdict, losesData } = cluster;
	const data = losesData ? words.deletesData : words.keepsData;
	const bodies: Readonly<Record<Verdict, () => string[]>> = {
		refused: () => [cluster.refusals.map(refusal).join("\n")],
		deleted: () => [data],
		removed: () => [words.removed],
		moved: () => [words.moved],
		recreated: () => [data, words.recreated],
		replaced: () => [words.replaced, ...foreseen(cluster, diagramsOpen)],
		updated: () => foretold(cluster, diagramsOpen, words.secretCaveats),
		changed: () => foretold(cluster, diagramsOpen, words.noCaveats),
		created: () => [],
		"not-judged": () => [],
		unchanged: () => [],
	};
	return bodies[verdict]();
}

const unsaidWords = { secret: words.secretCaveats, unknown: words.unknownCaveats } as const;

/** What is foreseen; where that is not all, or nothing, why. */
function foretold(cluster: ClusterReport, diagramsOpen: boolean, otherwise: string): string[] {
	const said = foreseen(cluster, diagramsOpen);
	if (cluster.unsaid !== undefined) return [...said, unsaidWords[cluster.unsaid]];
	return said.length === 0 ? [otherwise] : said;
}

function refusal({ property, reason }: ClusterReport["refusals"][number]): string {
	if (reason === undefined) return `- ${words.unworded}`;
	return `- ${property === undefined ? "" : `${code(property)}: `}${text(reason)}`;
}

function foreseen({ to, caveats, desired, estimate, notes }: ClusterReport, open: boolean): string[] {
	const lines = new Map(caveats.flatMap((caveat) => caveat.lines));
	const order = readOrder(lines.get("order") ?? "");
	const replicas = order === undefined ? undefined : order.lanes.flat().length + (order.first === undefined ? 0 : 1);
	const noted = to === undefined ? undefined : readNotes(lines.get("notes") ?? "", to);
	const links = noted === undefined ? notes : [noted, ...notes.filter(({ version }) => version !== to)];
	const items = [...lines]
		.filter(([name]) => name !== "notes" || noted === undefined)
		.sort(([a], [b]) => place(a) - place(b))
		.map(([name, said]) => [name, text(said)] as const);
	if (desired !== undefined) items.push([words.afterwards, desiredTexts[desired]]);
	if (items.length === 0) return [];
	if (estimate !== undefined && lines.size > 0) items.push([words.time, text(estimateText(estimate, replicas))]);
	if (links.length > 0) items.push([words.notes, links.map(linked).join(", ")]);
	const list = items.map(([name, said]) => `- **${text(name, 40)}**: ${said}`).join("\n");
	if (order === undefined || replicas === 1) return [list];
	return [list, folded(words.order, fence(diagram(order)), open)];
}

function linked({ version, url, day }: Notes): string {
	return `${link(version, url)}${day === undefined ? "" : ` (${text(day)})`}`;
}

function place(name: string): number {
	const at = lineOrder.indexOf(name);
	return at < 0 ? lineOrder.length : at;
}

function fence(source: string): string {
	return `\`\`\`mermaid\n${source}\n\`\`\``;
}

function folded(summary: string, content: string, open: boolean): string {
	return `<details${open ? " open" : ""}><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
