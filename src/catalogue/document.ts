import { z } from "zod";
import { ControlError } from "../control/errors";
import type { Release } from "../core/release";
import { parseVersion } from "../core/version";
import { defaultLimits, type Limits, request } from "../remote/http";
import { remembering } from "../remote/remember";
import { clickHouseRelease } from "./known";
import { isLink, shapes } from "./release";

/** The last content of a document, with its cache validators. */
interface Fetched {
	readonly releases: readonly Release[];
	readonly etag?: string;
	readonly modified?: string;
}

/**
 * The versions that a document lists; fetched once for everyone who asks within a few minutes, and then only if it has
 * changed.
 *
 * @throws ControlError if it can't be fetched or read, with the document's address without possible secrets.
 */
export async function documentReleases(url: string): Promise<readonly Release[]> {
	return (await remembered(url)).releases;
}

const remembered = remembering((url: string, last: Fetched | undefined) => fetchDocument(url, last));

const check = "Check the address, and open it with curl on this machine";

/** The same, without the cache; returns `last` if nothing has changed since. */
export async function fetchDocument(address: string, last?: Fetched, limits: Limits = defaultLimits): Promise<Fetched> {
	const url = new URL(address);
	const name = `the document at versions.url (${url.origin}${url.pathname})`;
	const headers = {
		accept: "application/json, text/tab-separated-values, text/plain;q=0.9, */*;q=0.5",
		...(last?.etag !== undefined && { "if-none-match": last.etag }),
		...(last?.modified !== undefined && { "if-modified-since": last.modified }),
	};
	const answer = await request(url, { headers }, limits).catch(({ message }: Error) => {
		throw new ControlError(`${name} ${message}. ${check}`);
	});
	if (answer.status === 304 && last !== undefined) return last;
	if (answer.status !== 200) throw new ControlError(`${name} answers with status ${answer.status}. ${check}`);
	const [etag, modified] = [answer.headers.get("etag"), answer.headers.get("last-modified")];
	return {
		releases: parseDocument(answer.text, name),
		...(etag !== null && { etag }),
		...(modified !== null && { modified }),
	};
}

/**
 * Parses a list of versions: JSON, an array of texts or objects, or lines of a version, a tab and a date. Skips what is
 * no DB version (a pre-release, `latest`), because it can't be requested.
 *
 * @param name How messages name the document.
 * @example parseDocument('["1.8.0", { "version": "1.9.0", "blocked": "corrupts indexes" }]',
 * "https://example.com/v.json");
 * @example parseDocument("v24.8.4.13-lts\t2024-09-06\n", "https://example.com/version_date.tsv");
 */
export function parseDocument(text: string, name: string): Release[] {
	const content = text.replace(/^\uFEFF/, "").trim();
	if (content.startsWith("<")) throw new ControlError(`${name} is a web page, not a list of versions`);
	const releases = /^[[{"]/.test(content) ? fromJson(content, name) : fromLines(content);
	if (releases.length > mostReleases) throw tooMany(name);
	if (releases.length === 0) {
		throw new ControlError(`${name} lists no DB version: it must be JSON, such as ["1.8.0"], or lines such as 1.8.0`);
	}
	return releases;
}

/** Far more than any product has. */
const mostReleases = 20_000;
const tooMany = (name: string) =>
	new ControlError(`${name} lists more than ${mostReleases.toLocaleString("en")} versions: leave out the old ones`);

const whyError = { error: 'must be true, or the reason as text, such as "corrupts vector indexes"' };
const why = z.union([z.literal(true), z.string().min(1, whyError)], whyError).optional();

const engineError = { error: 'must be a ClickHouse version, such as "23.3"' };
const dateError = { error: 'must be a day, such as "2024-08-20"' };
const linkError = { error: "must be an address that begins with https:// or http://" };

/** Other properties are allowed: documents have other readers, too. */
const entry = z.object(
	{
		version: z.string({ error: 'must be text, such as "1.8.0"' }),
		engine: z.string(engineError).regex(shapes.engine, engineError).optional(),
		date: z.string(dateError).regex(shapes.date, dateError).optional(),
		notes: z.string(linkError).refine(isLink, linkError).optional(),
		deprecated: why,
		blocked: why,
	},
	{ error: 'must be text, such as "1.8.0", or an object, such as { "version": "1.8.0" }' },
);

const entries = z.array(
	z.preprocess((value) => (typeof value === "string" ? { version: value } : value), entry),
	{ error: 'must be an array of versions, such as ["1.8.0"]' },
);

function fromJson(content: string, name: string): Release[] {
	let json: unknown;
	try {
		json = JSON.parse(content);
	} catch {
		throw new ControlError(`${name} is not valid JSON`);
	}
	if (Array.isArray(json) && json.length > mostReleases) throw tooMany(name);
	const read = entries.safeParse(json);
	// A list that is read only in part might miss a blocked version, so one error rejects it all.
	if (!read.success)
		throw new ControlError(`${name} has errors: ${read.error.issues.slice(0, 3).map(flaw).join("; ")}`);
	return read.data.flatMap(({ version, ...rest }) => {
		const release = releaseNamed(version);
		const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
		return release === undefined ? [] : [{ ...release, ...given }];
	});
}

/** `engine of entry 3 must be ...`; entries are counted from 1. */
function flaw({ path: [index, ...rest], message }: z.core.$ZodIssue): string {
	const entry = typeof index === "number" ? `entry ${index + 1}` : "it";
	return `${[...rest.map(String), entry].join(" of ")} ${message}`;
}

function fromLines(content: string): Release[] {
	return content.split(/\r?\n/).flatMap((line) => {
		const [name = "", date = ""] = line.split("\t").map((field) => field.trim());
		const release = releaseNamed(name);
		return release === undefined ? [] : [{ ...release, ...(shapes.date.test(date) && { date }) }];
	});
}

/** A version as catalogues spell it: `1.8.0`, `v1.8.0`, or the tag of a ClickHouse release. */
function releaseNamed(text: string): Release | undefined {
	const version = parseVersion(text.replace(/^v/, ""));
	return version === undefined ? clickHouseRelease(text) : { version };
}
