import { ControlError } from "../control/errors";
import { retry } from "../control/retry";

/** The limits of a request. Tests set smaller ones. */
export interface Limits {
	/** Of one try, until the last byte. */
	readonly milliseconds: number;
	readonly bytes: number;
	readonly tries: number;
	/** Milliseconds before the second try, doubled before each later one. */
	readonly pause: number;
	/** Milliseconds that a server may ask us to wait by Retry-After; if it asks for more, its answer is returned. */
	readonly patience: number;
}

export const defaultLimits: Limits = { milliseconds: 10_000, bytes: 8 << 20, tries: 3, pause: 250, patience: 5000 };

export interface Call {
	readonly method?: "GET" | "HEAD" | "POST";
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: URLSearchParams;
}

export interface Answer {
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
}

/** Statuses worth another try: too many requests, and a server or its proxy in trouble. */
const passing = [429, 500, 502, 503, 504];
const redirects = [301, 302, 303, 307, 308];
const mostRedirects = 5;

/** Nobody can read or change it in transit: https, or a connection that does not leave this machine. */
export function isSafe({ protocol, hostname }: URL): boolean {
	return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

export function isLoopback(hostname: string): boolean {
	return /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
}

/**
 * One request to an external server, bounded in time, size, tries and redirects.
 *
 * @returns any answer, also an error that further tries did not change.
 * @throws ControlError that begins with a verb, to follow the server's name: `can't be reached: ECONNREFUSED`.
 */
export async function request(url: URL, call: Call = {}, limits: Limits = defaultLimits): Promise<Answer> {
	const attempt = async () => {
		const answer = await once(url, call, limits);
		if (passing.includes(answer.status)) throw new Trouble(answer);
		return answer;
	};
	try {
		return await retry(attempt, (error, tries) => pauseAfter(error, tries, limits));
	} catch (error) {
		if (error instanceof Trouble) return error.answer;
		throw readable(error, url, limits);
	}
}

/** An answer that is worth another try. */
class Trouble extends Error {
	constructor(readonly answer: Answer) {
		super();
	}
}

function pauseAfter(error: unknown, tries: number, limits: Limits): number | undefined {
	if (tries >= limits.tries) return undefined;
	const pause = limits.pause * 2 ** (tries - 1);
	if (!(error instanceof Trouble)) return mayPass(error) ? pause : undefined;
	const asked = retryAfter(error.answer.headers);
	if (asked === undefined) return pause;
	return asked > limits.patience ? undefined : asked;
}

async function once(start: URL, { method = "GET", headers: given = {}, body }: Call, limits: Limits): Promise<Answer> {
	const signal = AbortSignal.timeout(limits.milliseconds);
	let url = start;
	let headers = given;
	for (let hops = 0; ; hops++) {
		if (!isSafe(url)) throw new ControlError(`redirects to ${url.host} without https, which is not allowed`);
		const response = await fetch(url, { method, headers, signal, redirect: "manual", ...(body && { body }) });
		const location = redirects.includes(response.status) ? response.headers.get("location") : null;
		if (location === null) {
			return { status: response.status, headers: response.headers, text: await bounded(response, limits.bytes) };
		}
		await response.body?.cancel();
		if (hops === mostRedirects) throw new ControlError("redirects too often");
		if (!URL.canParse(location, url.href)) throw new ControlError("redirects to an address that is not a valid URL");
		const next = new URL(location, url);
		if (next.origin !== url.origin) headers = withoutCredentials(headers);
		url = next;
	}
}

function withoutCredentials(headers: NonNullable<Call["headers"]>): NonNullable<Call["headers"]> {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
}

async function bounded(response: Response, most: number): Promise<string> {
	const chunks: Uint8Array[] = [];
	let size = 0;
	for await (const chunk of response.body ?? []) {
		size += chunk.length;
		if (size > most) throw new ControlError(`sends more than ${most.toLocaleString("en")} bytes`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** A broken connection is worth another try; an unknown name, a closed port or a timeout is not. */
function mayPass(error: unknown): boolean {
	if (error instanceof ControlError || (error as Error).name === "TimeoutError") return false;
	const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
	return code === "ECONNRESET" || code === "EPIPE" || code === "EAI_AGAIN" || code === "UND_ERR_SOCKET";
}

function readable(error: unknown, url: URL, limits: Limits): ControlError {
	if (error instanceof ControlError) return error;
	const { name, message, cause } = error as Error & { readonly cause?: NodeJS.ErrnoException };
	const hint = isProxyUnused(url)
		? " (HTTPS_PROXY is set; Node.js 22.21, 24 or later uses it with NODE_USE_ENV_PROXY=1)"
		: "";
	if (name === "TimeoutError")
		return new ControlError(`does not respond within ${limits.milliseconds / 1000} seconds${hint}`);
	// A host with several addresses fails with an AggregateError, whose own message is empty.
	return new ControlError(`can't be reached: ${cause?.message || cause?.code || message}${hint}`);
}

/** Whether a proxy is set that curl and docker go through, and Node.js does not. */
function isProxyUnused({ protocol }: URL): boolean {
	const { HTTPS_PROXY, https_proxy, NODE_USE_ENV_PROXY, NODE_OPTIONS = "" } = process.env;
	const isUsed = NODE_USE_ENV_PROXY === "1" || NODE_OPTIONS.includes("--use-env-proxy");
	return protocol === "https:" && Boolean(HTTPS_PROXY || https_proxy) && !isUsed;
}

/** In milliseconds; the header has seconds or a date. */
function retryAfter(headers: Headers): number | undefined {
	const value = headers.get("retry-after");
	if (value === null) return undefined;
	const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
	return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
