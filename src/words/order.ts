import type { Caveats } from "../core/caveats";

/** A line with more names than this is hard to read: then it says how many. */
const mostNames = 8;

/** In which order replicas restart. */
export interface Order {
	/** Goes before all others; absent where nothing goes side by side. */
	readonly first?: string;
	/** One list a shard, each in order; the shards go side by side. */
	readonly lanes: readonly (readonly string[])[];
}

/** @example orderText(caveats); // "analytics-0-1, then analytics-0-0" */
export function orderText({ order, canary, upgrades }: Pick<Caveats, "order" | "canary" | "upgrades">): string {
	const names = order.flat();
	const lanes = order.map((lane) => lane.filter((name) => name !== canary)).filter((lane) => lane.length > 0);
	const first = canary === undefined ? "" : `${canary} first; then `;
	if (names.length === 0) return upgrades ? "no replica is left to update" : "no replica restarts";
	if (names.length <= mostNames) {
		const sideBySide = lanes.length > 1 && canary !== undefined ? "side by side: " : "";
		return `${first}${sideBySide}${lanes.map((lane) => lane.join(", then ")).join(" | ")}`;
	}
	const rest = lanes.flat().length;
	const many = `${rest} ${canary === undefined ? "replicas" : "more"} in ${lanes.length === 1 ? "one shard" : `${lanes.length} shards`}`;
	return `${first}${many}, one${lanes.length === 1 ? "" : " per shard"} at a time, from the highest ordinal to the lowest`;
}

/**
 * The order that `orderText` has put into words, for whoever has only these: a report of a preview. `undefined` where it
 * names no replicas, or not all.
 */
export function readOrder(text: string): Order | undefined {
	const { first, names = "" } =
		/^(?:(?<first>\S+) first; then (?:side by side: )?)?(?<names>.*)$/s.exec(text)?.groups ?? {};
	const lanes = names.split(" | ").map((lane) => lane.split(", then "));
	if (!lanes.flat().every((name) => /^[^\s,;|]+$/.test(name))) return undefined;
	return { ...(first !== undefined && { first }), lanes };
}
