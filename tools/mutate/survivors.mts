/** A mutant as people read it: the line in which it begins, before and after, without indentation. */
export interface Change {
	readonly line: string;
	readonly becomes: string;
}

/** Why no test can fail for some mutants of a line. Texts and no line numbers, so that it survives edits elsewhere. */
interface Explained {
	readonly line: string;
	readonly becomes: readonly string[];
	readonly why: string;
}

/** By file. */
export type Explanations = Readonly<Record<string, readonly Explained[]>>;

/** Lines and columns from 1. */
interface Position {
	readonly line: number;
	readonly column: number;
}

interface Mutant {
	readonly location: { readonly start: Position; readonly end: Position };
	readonly replacement?: string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** @example changeOf("if (a < b) go();", mutant); // { line: "if (a < b) go();", becomes: "if (a <= b) go();" } */
export function changeOf(source: string, { location: { start, end }, replacement = "" }: Mutant): Change {
	const lines = source.split("\n");
	const [first = "", last = ""] = [lines[start.line - 1], lines[end.line - 1]];
	const becomes = `${first.slice(0, start.column - 1)}${replacement}${last.slice(end.column - 1)}`;
	return { line: oneLine(first), becomes: oneLine(becomes) };
}

/** Which survivors nobody explained, and which explained ones did not survive. Two alike need an explanation each. */
export function compare(survivors: readonly Change[], explained: readonly Explained[]) {
	const outdated = explained.flatMap(({ line, becomes }) => becomes.map((its): Change => ({ line, becomes: its })));
	const unexplained = survivors.filter((survivor) => {
		const index = outdated.findIndex((it) => it.line === survivor.line && it.becomes === survivor.becomes);
		if (index >= 0) outdated.splice(index, 1);
		return index < 0;
	});
	return { unexplained, outdated };
}

export interface Score {
	readonly killed: number;
	readonly survived: number;
	/** Killed of all, to one decimal, rounded down. */
	readonly percent: number;
}

/** One that no test reaches survives; one that runs into an endless loop is killed; others, such as ignored ones, don't count. */
export function scoreOf(statuses: readonly string[]): Score {
	const survived = statuses.filter(isAlive).length;
	const killed = statuses.filter((status) => status === "Killed" || status === "Timeout").length;
	return { killed, survived, percent: Math.floor((1000 * killed) / Math.max(1, killed + survived)) / 10 };
}

export const isAlive = (status: string): boolean => status === "Survived" || status === "NoCoverage";
