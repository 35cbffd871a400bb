import { ControlError } from "../control/errors";
import { credentialsFor, type RegistryCredentials } from "./credentials";
import { type Answer, defaultLimits, isLoopback, isSafe, type Limits, request } from "./http";
import { parseReference, type Reference } from "./reference";
import { remembering } from "./remember";

type Repository = Pick<Reference, "registry" | "repository">;

const manifests = [
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const tagsAPage = 1000;
const mostPages = 100;
/** Of all pages: more than any repository has. */
const mostTags = 100_000;
/** Milliseconds for all pages. */
const longestList = 120_000;
/** Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const tagShape = /^\w[\w.-]{0,127}$/;
const digestShape = /^[a-z0-9+._-]{1,32}:[\w.=-]{1,256}$/;

/**
 * What a registry says about a tag; never cached, because a tag may be moved.
 *
 * @throws ControlError if it neither has such an image nor says that there is none.
 */
export async function findImage(reference: Reference): Promise<{ readonly digest?: string } | "missing"> {
	const { registry, repository, tag } = reference;
	const { status, headers } = await ask(reference, `manifests/${tag}`, "HEAD");
	if (status === 404) return "missing";
	if (status !== 200) throw refused(registry, `does not return the manifest of ${repository}:${tag}`, status);
	const digest = headers.get("docker-content-digest") ?? "";
	return digestShape.test(digest) ? { digest } : {};
}

/** The digest of an image, if the registry has it and says so; asked for once within a few minutes. */
export function tagDigest(image: string): Promise<string | undefined> {
	return digests(image).then(
		(found) => (found === "missing" ? undefined : found.digest),
		() => undefined,
	);
}

const digests = remembering((image: string) => findImage(parseReference(image)));

/**
 * Every tag of a repository, in the registry's order; fetched once for everyone who asks within a few minutes.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 *
 * @throws ControlError if it can't be fetched, with the registry's name and what to do.
 */
export function listTags({ registry, repository }: Repository): Promise<readonly string[]> {
	return remembered(`${registry}/${repository}`);
}

const remembered = remembering((key: string) => {
	const slash = key.indexOf("/");
	return readTags({ registry: key.slice(0, slash), repository: key.slice(slash + 1) });
});

/** The same, without the cache. */
export async function readTags(of: Repository, limits: Limits = defaultLimits): Promise<string[]> {
	let tags: string[] = [];
	let query: string | undefined = `?n=${tagsAPage}`;
	const until = Date.now() + longestList;
	for (let page = 0; query !== undefined; page++) {
		if (page === mostPages || tags.length > mostTags || Date.now() > until)
			throw new ControlError(
				`the registry ${of.registry} does not end its list of tags within ${mostPages} pages, ${mostTags.toLocaleString("en")} tags and ${longestList / 1000} seconds`,
			);
		const answer: Answer = await ask(of, `tags/list${query}`, "GET", limits);
		tags = tags.concat(tagsOf(of, answer));
		query = nextQuery(answer.headers);
	}
	return tags;
}

function tagsOf({ registry, repository }: Repository, { status, text }: Answer): string[] {
	if (status !== 200) throw refused(registry, `does not list the tags of ${repository}`, status);
	try {
		const { tags } = (JSON.parse(text) ?? {}) as { tags?: unknown };
		// A repository whose tags were all deleted has no list, or null.
		if (tags === null || tags === undefined) return [];
		if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === "string" && tagShape.test(tag));
	} catch {}
	throw new ControlError(
		`the registry ${registry} does not answer with a list of tags: make sure that image names a container registry`,
	);
}

/** Only the query of the link is used: registries behind a proxy may name a host that only they can reach. */
function nextQuery(headers: Headers): string | undefined {
	const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.get("link") ?? "")?.[1];
	return link !== undefined && URL.canParse(link, "https://registry")
		? new URL(link, "https://registry").search
		: undefined;
}

function refused(registry: string, what: string, status: number): ControlError {
	const ways: Readonly<Record<number, string>> = {
		401: `log in to it, with docker login ${registry}`,
		403: "make sure that the logged-in user may pull this image",
		404: "check the name of the image",
		429: "too many requests: wait a while, or log in to it",
	};
	const way = ways[status];
	return new ControlError(`the registry ${registry} ${what} (status ${status})${way === undefined ? "" : `: ${way}`}`);
}

/** Tokens by `registry/repository`: they hold for some minutes, and pages and tags are many. */
const granted = new Map<string, { readonly authorization: string; readonly until: number }>();

/** One request to a registry, with the authentication that it asks for. */
async function ask(of: Repository, path: string, method: "GET" | "HEAD", limits?: Limits): Promise<Answer> {
	const { registry, repository } = of;
	const address = `${scheme(registry)}://${registry}/v2/${repository}/${path}`;
	if (!URL.canParse(address)) throw new ControlError(`${registry} is not the address of a registry`);
	const url = new URL(address);
	const told = (error: Error) => {
		throw new ControlError(`the registry ${registry} ${error.message}`);
	};
	const send = (authorization?: string) => {
		const headers = { accept: manifests, ...(authorization !== undefined && { authorization }) };
		return request(url, { method, headers }, limits).catch(told);
	};
	const kept = granted.get(`${registry}/${repository}`);
	let answer = await send(kept !== undefined && Date.now() < kept.until ? kept.authorization : undefined);
	const challenge = answer.status === 401 ? answer.headers.get("www-authenticate") : null;
	if (challenge === null) return answer;
	const { credentials, trouble } = await credentialsFor(registry, repository).then(
		(found) => ({ credentials: found, trouble: undefined }),
		(error: Error) => ({ credentials: undefined, trouble: error }),
	);
	// Public images need no login, and an outdated password must not get in the way.
	for (const who of credentials === undefined ? [undefined] : [credentials, undefined]) {
		const proof = await prove(challenge, of, who, limits).catch(told);
		if (proof === undefined) continue;
		answer = await send(proof.authorization);
		if (answer.status === 401 || answer.status === 403) continue;
		granted.set(`${registry}/${repository}`, proof);
		return answer;
	}
	if (trouble !== undefined)
		throw new ControlError(
			`the registry ${registry} requires a login, and the credentials can't be used: ${trouble.message}. Run docker login ${registry}.`,
		);
	return answer;
}

/** Registries on this machine have no certificate. */
function scheme(registry: string): string {
	return isLoopback(registry.replace(/:\d+$/, "")) ? "http" : "https";
}

/**
 * The header that a challenge asks for; `undefined` if it can't be had.
 *
 * Source: https://distribution.github.io/distribution/spec/auth/token/ and ./oauth
 */
async function prove(
	challenge: string,
	{ repository }: Repository,
	who: RegistryCredentials | undefined,
	limits?: Limits,
): Promise<{ readonly authorization: string; readonly until: number } | undefined> {
	const basic = who !== undefined && "username" in who ? basicAuth(who) : undefined;
	if (/^basic\b/i.test(challenge)) {
		return basic === undefined ? undefined : { authorization: basic, until: Date.now() + 60_000 };
	}
	const field = (name: string) => new RegExp(`\\b${name}="([^"]*)"`, "i").exec(challenge)?.[1];
	const realm = field("realm");
	if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
	const url = new URL(realm);
	if (!isSafe(url)) throw new ControlError(`requires a token from ${url.host} without https, which is not allowed`);
	const service = field("service");
	const wanted = {
		...(service !== undefined && { service }),
		scope: field("scope") ?? `repository:${repository}:pull`,
	};
	const answer =
		who !== undefined && "identityToken" in who
			? await request(url, { method: "POST", body: exchange(who.identityToken, wanted) }, limits)
			: await request(withQuery(url, wanted), basic === undefined ? {} : { headers: { authorization: basic } }, limits);
	return answer.status === 200 ? readToken(answer.text) : undefined;
}

function basicAuth({ username, password }: Extract<RegistryCredentials, { username: string }>): string {
	return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function exchange(token: string, wanted: Readonly<Record<string, string>>): URLSearchParams {
	const client = { grant_type: "refresh_token", client_id: "pulumi-dbcluster", refresh_token: token };
	return new URLSearchParams({ ...client, ...wanted });
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
	const whole = new URL(url);
	for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value);
	return whole;
}

function readToken(text: string): { readonly authorization: string; readonly until: number } | undefined {
	try {
		const body = (JSON.parse(text) ?? {}) as { token?: string; access_token?: string; expires_in?: number };
		const token = body.token ?? body.access_token;
		// What can't be sent would be quoted by the error.
		if (typeof token !== "string" || !/^[\x20-\x7e]+$/.test(token)) return undefined;
		// The specification's default is a minute. Some seconds less, for clock skew and latency.
		const seconds = Number(body.expires_in ?? 60) || 60;
		return { authorization: `Bearer ${token}`, until: Date.now() + Math.max(0, seconds - 10) * 1000 };
	} catch {
		return undefined;
	}
}
