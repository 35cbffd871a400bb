import {
	countsText,
	leftOutText,
	reportAvailableText,
	reportElsewhereText,
	verdicts,
	versionsText,
	words,
} from "../../words/report";
import type { ClusterReport, StackReport } from "./clusters";
import { code, fitting, link, table, text } from "./markdown-parts";
import { webAddress } from "./notes";
import { section } from "./section";

export interface Options {
	/** The heading. @default "Database clusters of project/stack" */
	readonly title?: string;
	/** Distinguishes this report from others on the pull request. @default project/stack */
	readonly marker?: string;
	/** The URL of the run, whose log has the rest. */
	readonly url?: string;
	/** Characters, at most. @default 65,536, GitHub's limit for a comment */
	readonly limit?: number;
}

/** With more clusters than this, diagrams are folded. */
const mostOpen = 3;

/** The first line of a comment, by which it is found again. */
function markerOf(name: string): string {
	return `<!-- pulumi-dbcluster: ${name.replace(/[^\w./]+/g, "-")} -->`;
}

/** The Markdown of a pull request's comment, its marker first. */
export function render(report: StackReport, options: Options = {}): string {
	const { stack } = report;
	const { title, marker = stack ?? "stack", limit = 65_536 } = options;
	const heading =
		title === undefined ? `${words.title}${stack === undefined ? "" : ` of ${code(stack)}`}` : text(title);
	const begin = [markerOf(marker), `### ${heading}`, summary(report)];
	const end = remarks(report, options);
	const room = limit - joined([...begin, ...end, leftOutText(0)]).length;
	return `${joined([...begin, ...clusters(report, Math.max(0, room - 200)), ...end])}\n`;
}

/** What changes as a table and then one by one, what does not as a line; as many of each as fit. */
function clusters({ clusters }: StackReport, room: number): string[] {
	const changed = clusters.filter(({ verdict }) => verdict !== "unchanged");
	const unchanged = clusters.filter(({ verdict }) => verdict === "unchanged");
	const open = changed.filter(({ caveats }) => caveats.length > 0).length <= mostOpen;
	const rows = fitting(changed.map(row), room / 3);
	const same = fitting(unchanged.map(sameText), room / 6);
	const sections = fitting(
		changed.map((cluster) => section(cluster, open)).filter((it) => it !== ""),
		room / 2,
	);
	const { cluster, verdict, version } = words.columns;
	const left = Math.max(rows.left, sections.left) + same.left;
	return [
		rows.kept.length === 0 ? "" : [table([cluster, verdict, version], []), ...rows.kept].join("\n"),
		same.kept.length === 0 ? "" : `${verdicts.unchanged.sign} ${verdicts.unchanged.says}: ${same.kept.join(", ")}`,
		...sections.kept,
		left === 0 ? "" : leftOutText(left),
	];
}

function row({ name, verdict, from, to }: ClusterReport): string {
	const { sign, says } = verdicts[verdict];
	return `| ${code(name)} | ${sign} ${says} | ${text(versionsText(from, to))} |`;
}

function sameText({ name, from, available }: ClusterReport): string {
	const said = [from, available === undefined ? undefined : reportAvailableText(available)].filter(
		(it) => it !== undefined,
	);
	return `${code(name)}${said.length === 0 ? "" : ` (${text(said.join("; "))})`}`;
}

function summary({ clusters, failed, empty }: StackReport): string {
	const counts = countsText(clusters.map(({ verdict }) => verdict));
	if (!failed) return counts === undefined ? words.none : `**${counts}**`;
	return `**${empty ? words.failedEmpty : words.failed}**${counts === undefined ? "" : ` ${counts}.`}`;
}

function remarks({ clusters, otherErrors, failed }: StackReport, { url }: Options): string[] {
	return [
		clusters.some(({ verdict }) => verdict === "not-judged") ? words.notJudged : "",
		otherErrors.count === 0 ? "" : reportElsewhereText(otherErrors.at.map(code), otherErrors.count),
		failed && webAddress(url) !== undefined ? link(words.log, webAddress(url) ?? "") : "",
	];
}

function joined(parts: readonly string[]): string {
	return parts.filter((part) => part !== "").join("\n\n");
}
