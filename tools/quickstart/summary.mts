import { paint } from "../terminal.mts";
import type { Counts } from "./clients.mts";

/** What one run measured; `--figures <file>` writes it as JSON. */
export interface Figures {
	readonly counts: Omit<Counts, "problems"> & { readonly problems: readonly string[] };
	readonly rowsBefore: number;
	/** Rows that must be there: those before, and ten for each acknowledged INSERT. */
	readonly rowsExpected: number;
	readonly rowsAfter: number;
	/** Each row that must be there is, once and whole, and no other. */
	readonly intact: boolean;
	/** Seconds that each replica was out of the endpoint, in the order of the update. */
	readonly out: readonly { readonly replica: string; readonly seconds: number }[];
	readonly updateSeconds: number;
	readonly restartSeconds: readonly number[];
}

const number = (n: number) => n.toLocaleString("en");
const seconds = (n: number) => `${n.toFixed(1)} s`;

/** The update's time in terms of the bare restarts' times. */
export const ratio = ({ updateSeconds, restartSeconds }: Figures): number => updateSeconds / sum(restartSeconds);

/** What the clients saw, as a short table. */
export function summary(figures: Figures): string[] {
	const { counts, rowsBefore, rowsExpected, rowsAfter, intact, out } = figures;
	const good = (is: boolean, text: string) => paint(is ? "green" : "red", text);
	const lost = rowsExpected - rowsAfter;
	const lines: [string, string][] = [
		["SELECT", `${number(counts.answered)} answered, ${good(counts.failed === 0, `${counts.failed} failed`)}`],
		[
			"INSERT",
			`${number(counts.acknowledged)} acknowledged; ${number(counts.retried)} refused at first (${number(counts.refused)} times in all) and acknowledged when retried`,
		],
		[
			"Rows",
			`${number(rowsBefore)} before + ${number(rowsExpected - rowsBefore)} acknowledged = ${number(rowsAfter)} after; ${good(intact, intact ? "none lost, count and checksum match" : `${number(lost)} lost, or not as they were written`)}`,
		],
		["Replicas", out.map((it) => `${it.replica} was out for ${seconds(it.seconds)}`).join(", then ")],
		[
			"Update",
			`${seconds(figures.updateSeconds)} in all, ${ratio(figures).toFixed(2)} times two bare restarts (${figures.restartSeconds.map(seconds).join(" + ")})`,
		],
		...counts.problems.map((problem): [string, string] => ["Problem", good(false, problem)]),
	];
	return lines.map(([what, text]) => `  ${paint("bold", what.padEnd(9))} ${text}`);
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((all, n) => all + n, 0);
}
