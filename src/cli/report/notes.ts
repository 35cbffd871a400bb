import { z } from "zod";
import { compareVersions, parseVersion } from "../../core/version";

/** The user's list of versions in the inputs. */
const versions = z.object({ list: z.array(z.object({ version: z.unknown(), notes: z.unknown().optional() })) });

export interface Notes {
	readonly version: string;
	readonly url: string;
	/** The release date, `2026-11-24`, if known. */
	readonly day?: string;
}

/**
 * The release notes of all versions that an update brings, newest first: of its target and of those that it skips. Only
 * web links: a list may contain anything.
 */
export function notesBetween(value: unknown, from: string | undefined, to: string | undefined): Notes[] {
	const { data } = versions.safeParse(value);
	const [after, until] = [parseVersion(from), parseVersion(to)];
	if (data === undefined || until === undefined) return [];
	return data.list
		.flatMap(({ version, notes }) => {
			const its = parseVersion(version);
			const url = webAddress(notes);
			const isNew = its && compareVersions(its, until) <= 0 && (after === undefined || compareVersions(its, after) > 0);
			return isNew && url !== undefined ? [{ version: its, url }] : [];
		})
		.sort((a, b) => compareVersions(b.version, a.version));
}

/** Parses a caveat about a version's release, `2026-11-24, https://...`. `undefined` if it has no link. */
export function readNotes(line: string, version: string): Notes | undefined {
	const { day, address } = /^(?:(?<day>[\d-]+), )?(?<address>\S+)$/.exec(line)?.groups ?? {};
	const url = webAddress(address);
	return url === undefined ? undefined : { version, url, ...(day !== undefined && { day }) };
}

export function webAddress(text: unknown): string | undefined {
	const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : undefined;
	return url?.protocol === "https:" || url?.protocol === "http:" ? url.href : undefined;
}
