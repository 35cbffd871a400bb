import type { FailedQueries, QueryTally } from "../../core/canary-queries";
import type { ClickHouseError } from "./answers";

/** The longest time that is remembered, in seconds: that of the longest hold. */
const longest = 86_400;

/** How clients' queries ended on one replica since it started, by the second. */
export class Tally {
	/** By the second, then by code; 0 are those that did not fail. */
	readonly #seconds = new Map<number, Map<number, Required<FailedQueries>>>();

	constructor(readonly now: () => number = () => Math.floor(performance.now() / 1000)) {}

	note({ code, type: name }: Pick<ClickHouseError, "code" | "type"> = { code: 0, type: "" }): void {
		const now = this.now();
		const codes = this.#seconds.get(now) ?? new Map();
		this.#seconds.set(now, codes.set(code, { code, name, queries: (codes.get(code)?.queries ?? 0) + 1 }));
		for (const second of this.#seconds.keys()) {
			if (second > now - longest) break;
			this.#seconds.delete(second);
		}
	}

	/** Of the last so many seconds. */
	last(seconds: number): QueryTally {
		const from = this.now() - seconds;
		const all = [...this.#seconds].flatMap(([second, codes]) => (second >= from ? [...codes.values()] : []));
		const byCode = new Map<number, FailedQueries>();
		for (const { code, name, queries } of all)
			byCode.set(code, { code, name, queries: queries + (byCode.get(code)?.queries ?? 0) });
		const queries = all.reduce((sum, it) => sum + it.queries, 0);
		return { queries, failed: [...byCode.values()].filter(({ code }) => code !== 0) };
	}
}
