import { type Share, shareOf } from "../core/canary-queries";
import type { Spelling } from "../core/release";
import { harmless, visible } from "../core/visible";

/** `a`, `a and b`, `a, b and c`; of many the first few and how many more. */
export function list(items: readonly string[], most = 6): string {
	const shown = items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items;
	return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** Tags that the argument `image` does not match, and values of `image` that match them. */
export function spellingText(spellings: readonly Spelling[]): string {
	const first = spellings.slice(0, 3);
	const tags = list(first.map(({ tag }) => oneLine(tag, 128)));
	const images = [...new Set(first.map(({ image }) => oneLine(image, 200)))];
	return `The registry has version tags of another form, such as ${tags}. To use them, set image to ${images.join(" or ")}.`;
}

/** Somebody else's words, as part of one readable line: no line breaks, no control characters, not endless. */
export function oneLine(text: string, most = 400): string {
	const line = harmless(text.replace(/[\s\p{C}]+/gu, " ")).trim();
	// No half of a pair stays at the end.
	return line.length > most ? `${line.slice(0, most - 3).replace(/[\ud800-\udbff]$/, "")}...` : line;
}

/** The resource that a cluster's record names as its owner. */
export function ownerText(owner: string): string {
	return owner === "" ? "no resource" : oneLine(owner, 200);
}

/** A value as somebody wrote it, made visible and short. */
export function quoted(text: string): string {
	// Not all of it: it may be endless.
	const [...characters] = text.slice(0, 100);
	return visible(JSON.stringify(characters.length > 40 ? `${characters.slice(0, 37).join("")}...` : text));
}

/** Ends a clause that may be somebody else's with one full stop. */
export function withFullStop(clause: string): string {
	return /[.!?]$/.test(clause) ? clause : `${clause}.`;
}

/** `1 query`, `3 queries`, `no queries`. */
export function count(number: number, one: string, many: string): string {
	return `${number === 0 ? "no" : number} ${number === 1 ? one : many}`;
}

/** `4 %`, `0.33 %`. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;

/** `12 of 300 queries (4 %)`. */
export function failedOf(share: Share): string {
	return `${share.failed} of ${count(share.of, "query", "queries")} (${percent(shareOf(share))})`;
}

/** `0.4 s`, `14 s`, `2 min 5 s`: as exact as a person wants it. */
export function duration(seconds: number): string {
	if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
	const whole = Math.round(seconds);
	return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * A time as people there read it, to the minute.
 *
 * @param iso in UTC.
 * @example moment("2026-11-28T01:00:00Z", "Europe/Berlin"); // "Sat 2026-11-28 02:00 (Europe/Berlin)"
 */
export function moment(iso: string, timeZone: string): string {
	const parts = new Intl.DateTimeFormat("en-GB", {
		timeZone,
		weekday: "short",
		year: "numeric",
		month: "2-digit",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		hourCycle: "h23",
	}).formatToParts(new Date(iso));
	const part = (type: string) => parts.find((it) => it.type === type)?.value;
	const day = `${part("weekday")} ${part("year")}-${part("month")}-${part("day")}`;
	return `${day} ${part("hour")}:${part("minute")} (${timeZone})`;
}

/** What to do without a cluster's record, as sentences. */
export const recordLostWayOut =
	"If the cluster is gone, too, run pulumi refresh, then pulumi up to create the cluster again. If the cluster still exists, restore its record (cluster.json, or the ConfigMap of the cluster) from a backup, then run pulumi up again.";

/** Why a replica can't take over from another, as the end of a sentence about it. */
export const problems = {
	down: "does not serve",
	"read-only": "is read-only",
	behind: "has not caught up",
	lacks: "lacks some of the tables",
	unknown: "may not have caught up (this is unknown)",
} as const;

/**
 * How to give a replica a table of another. ATTACH, because Keeper still knows a replica whose volume is gone, and refuses
 * to create it again; with the UUID, without which a database of the engine Atomic, the default since ClickHouse 20.10,
 * refuses to attach it.
 */
export const attachAgain = (table: string, from: string, to: string) =>
	`(1) on ${from}, run SHOW CREATE TABLE ${table}, with SETTINGS show_table_uuid_in_table_create_query_if_not_nil = 1 at its end if the database has the engine Atomic; (2) in the result, replace CREATE with ATTACH; (3) run that on ${to}`;
