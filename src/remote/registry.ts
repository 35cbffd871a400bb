import { ControlError } from "../control/errors";
import { credentialsFor, type RegistryCredentials } from "./credentials";
import { type Answer, defaultLimits, isLoopback, isSafe, type Limits, request } from "./http";
import type { Reference } from "./reference";
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

/**
 * What a registry says of a tag; asked anew each time, since a tag may be moved.
 *
 * @throws ControlError where it says neither that there is such an image, nor that there is none.
 */
export async function findImage(reference: Reference): Promise<{ readonly digest?: string } | "missing"> {
	const { registry, repository, tag } = reference;
	const { status, headers } = await ask(reference, `manifests/${tag}`, "HEAD");
	if (status === 404) return "missing";
	if (status !== 200) throw refused(registry, `does not tell what ${repository}:${tag} is`, status);
	const digest = headers.get("docker-content-digest");
	return digest === null ? {} : { digest };
}

/**
 * Every tag of a repository, in the registry's order; fetched once by all who ask within a few minutes.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 *
 * @throws ControlError where it can't be had, with the registry's name and a way out.
 */
export function listTags({ registry, repository }: Repository): Promise<readonly string[]> {
	return remembered(`${registry}/${repository}`);
}

const remembered = remembering((key: string) => {
	const slash = key.indexOf("/");
	return readTags({ registry: key.slice(0, slash), repository: key.slice(slash + 1) });
});

/** The same, fetched anew. */
export async function readTags(of: Repository, limits: Limits = defaultLimits): Promise<string[]> {
	const tags: string[] = [];
	let query: string | undefined = `?n=${tagsAPage}`;
	for (let page = 0; query !== undefined; page++) {
		if (page === mostPages) throw new ControlError(`the registry ${of.registry} lists tags without an end`);
		const answer: Answer = await ask(of, `tags/list${query}`, "GET", limits);
		tags.push(...tagsOf(of, answer));
		query = nextQuery(answer.headers);
	}
	return tags;
}

function tagsOf({ registry, repository }: Repository, { status, text }: Answer): string[] {
	if (status !== 200) throw refused(registry, `does not list the tags of ${repository}`, status);
	try {
		const { tags } = JSON.parse(text) as { tags?: unknown };
		// A repository whose tags were all deleted has none, or null.
		if (tags === null || tags === undefined) return [];
		if (Array.isArray(tags)) return tags.filter((tag) => typeof tag === "string");
	} catch {
		// Told below.
	}
	throw new ControlError(`the registry ${registry} answers with what is no list of tags`);
}

/** Only the query of the link is taken: registries behind a proxy are known to name a host that nobody else knows. */
function nextQuery(headers: Headers): string | undefined {
	const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(headers.get("link") ?? "")?.[1];
	return link === undefined ? undefined : new URL(link, "https://registry").search;
}

function refused(registry: string, what: string, status: number): ControlError {
	const ways: Readonly<Record<number, string>> = {
		401: `log in to it, with docker login ${registry}`,
		403: "see to it that whoever is logged in to it may pull",
		404: "look at the name of the image",
		429: "it has been asked too often: wait a while, or log in to it",
	};
	const way = ways[status];
	return new ControlError(`the registry ${registry} ${what} (status ${status})${way === undefined ? "" : `: ${way}`}`);
}

/** What a registry granted, by `registry/repository`: tokens hold for some minutes, and pages and tags are many. */
const granted = new Map<string, { readonly authorization: string; readonly until: number }>();

/** One request to a registry, with the proof that it asks for. */
async function ask(of: Repository, path: string, method: "GET" | "HEAD", limits?: Limits): Promise<Answer> {
	const { registry, repository } = of;
	const url = new URL(`${scheme(registry)}://${registry}/v2/${repository}/${path}`);
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
	const { credentials, trouble } = await credentialsFor(registry).then(
		(found) => ({ credentials: found, trouble: undefined }),
		(error: Error) => ({ credentials: undefined, trouble: error }),
	);
	// What is public is shown to nobody in particular, too, also where a password is out of date.
	for (const who of credentials === undefined ? [undefined] : [credentials, undefined]) {
		const proof = await prove(challenge, of, who, limits).catch(told);
		if (proof === undefined) continue;
		answer = await send(proof.authorization);
		if (answer.status === 401 || answer.status === 403) continue;
		granted.set(`${registry}/${repository}`, proof);
		return answer;
	}
	if (trouble !== undefined)
		throw new ControlError(`the registry ${registry} wants to know who asks: ${trouble.message}`);
	return answer;
}

/** Registries of this machine have no certificate. */
function scheme(registry: string): string {
	return isLoopback(registry.replace(/:\d+$/, "")) ? "http" : "https";
}

/**
 * The header that a challenge asks for; `undefined` where there is none to be had.
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
	if (!isSafe(url)) throw new ControlError(`sends for a token to ${url.host} without https`);
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
		const body = JSON.parse(text) as { token?: string; access_token?: string; expires_in?: number };
		const token = body.token ?? body.access_token;
		if (typeof token !== "string" || token === "") return undefined;
		// The specification's default is a minute. Some seconds less: clocks and ways differ.
		const seconds = Number(body.expires_in ?? 60) || 60;
		return { authorization: `Bearer ${token}`, until: Date.now() + Math.max(0, seconds - 10) * 1000 };
	} catch {
		return undefined;
	}
}
