import type { QueryTally } from "../../src/core/canary-queries";
import type { Clock } from "../../src/roll/clock";
import { conditionOf, type Unit } from "./unit";

/** What clients ask of the replicas that serve: so many queries a second of each, and single ones as tests send them. */
export class Queries {
	/** The queries a second that each serving replica answers. */
	perSecond = 0;
	readonly #sent: { readonly at: number; readonly replica: string; readonly code: number }[] = [];
	#next = 0;

	constructor(private readonly clock: Clock) {}

	/** One query to one of those that serve, which fails with this code unless it is 0. */
	send(serving: readonly string[], code: number): void {
		const replica = serving[this.#next++ % Math.max(1, serving.length)];
		if (replica === undefined) throw new Error("nobody answers");
		this.#sent.push({ at: this.clock.now(), replica, code });
	}

	/** How they ended in the last seconds. One that runs an engine without a log can't say. */
	tally(unit: Unit, seconds: number): QueryTally | undefined {
		const now = this.clock.now();
		const { process } = unit;
		if (process === undefined || process.engine.logless || !conditionOf(unit, now).serving) return undefined;
		const { boots = 2000, lags = 0, fails } = process.engine;
		const since = Math.max(now - seconds * 1000, process.since + boots + lags);
		const all = Math.floor(((now - since) / 1000) * this.perSecond);
		const sent = this.#sent.filter(({ at, replica }) => replica === unit.name && at >= now - seconds * 1000);
		const failed = new Map(fails === undefined ? [] : [[fails.code, Math.round(all * fails.share)]]);
		for (const { code } of sent) if (code !== 0) failed.set(code, (failed.get(code) ?? 0) + 1);
		return {
			queries: all + sent.length,
			failed: [...failed].map(([code, queries]) => ({ code, name: `ERROR_${code}`, queries })),
		};
	}
}
