import { ControlError } from "../../control/errors";
import type { Pin } from "../../control/platform";
import { type DbVersion, parseVersion, sameVersion } from "../../core/version";
import type { Image } from "./pod";

/** The tag of a version: the version itself, or where `{version}` stands in the image's name. */
export function taggedImage(image: string, version: DbVersion): string {
	return image.includes("{version}") ? image.replace("{version}", version) : `${image}:${version}`;
}

/** The version that an image's tag names, in a reference as pods carry it; `undefined` where the tag names none. */
export function versionOfImage(image: string, reference: string): DbVersion | undefined {
	const tag = /:([^/:@]+)(?:@|$)/.exec(reference)?.[1];
	const [before = "", after = ""] = (/:([^/:]*\{version\}[^/:]*)$/.exec(image)?.[1] ?? "{version}").split("{version}");
	if (tag === undefined || !tag.startsWith(before) || !tag.endsWith(after)) return undefined;
	return parseVersion(tag.slice(before.length, tag.length - after.length));
}

/**
 * Pins the image of a version to what its tag is now, so that a mended image under the same tag is another pod. Where the
 * registry can't be asked from here (private, or only the nodes reach it), the tag stays and each start pulls it.
 *
 * @param pin what the image of its version must be; also where the registry can't be asked.
 * @throws ControlError when the registry says that there is no such image, or that it is another: nothing has been touched
 * then.
 */
export async function resolveImage(image: string, version: DbVersion, pin?: Pin): Promise<Image> {
	const tagged = taggedImage(image, version);
	const { registry, repository, tag } = parseReference(tagged);
	const answer = await ask(registry, repository, `manifests/${tag}`, "HEAD").catch(() => undefined);
	if (answer?.status === 404)
		throw new ControlError(
			`there is no image ${tagged}: the registry knows no such tag. Push it, or set another version`,
		);
	const digest = answer?.ok ? answer.headers.get("docker-content-digest") : undefined;
	const wanted = pin !== undefined && sameVersion(pin.version, version) ? pin.digest : undefined;
	if (wanted !== undefined && digest && digest !== wanted)
		throw new ControlError(
			`the registry has ${tagged} as ${digest}, and version says ${wanted}: they must agree. Find out which of them was meant, and write that digest, or none`,
		);
	const pinned = wanted ?? digest;
	return pinned
		? { reference: `${tagged}@${pinned}`, version, pullAlways: false }
		: { reference: tagged, version, pullAlways: true };
}

/** The versions that the registry has images of, in no order. Throws when it can't be asked. */
export async function listVersions(image: string): Promise<DbVersion[]> {
	const { registry, repository } = parseReference(taggedImage(image, "0.0.0" as DbVersion));
	const found: DbVersion[] = [];
	for (let path: string | undefined = "tags/list?n=1000"; path !== undefined; ) {
		const answer: Response = await ask(registry, repository, path, "GET").catch((error: Error) => {
			const { cause, message } = error as { cause?: Error } & Error;
			throw new ControlError(`the registry ${registry} can't be reached: ${cause?.message || message}`);
		});
		if (!answer.ok) throw new ControlError(`the registry ${registry} does not list the tags of ${repository}`);
		const { tags } = (await answer.json()) as { tags?: string[] | null };
		for (const tag of tags ?? []) {
			const version = versionOfImage(image, `${repository}:${tag}`);
			if (version !== undefined) found.push(version);
		}
		path = /<[^>]*\/(tags\/list\?[^>]*)>;\s*rel="?next"?/.exec(answer.headers.get("link") ?? "")?.[1];
	}
	return found;
}

interface Reference {
	readonly registry: string;
	readonly repository: string;
	readonly tag: string;
}

/** As every container engine reads it: the first part is a registry when it looks like a host. */
export function parseReference(reference: string): Reference {
	const slash = reference.indexOf("/");
	const first = slash < 0 ? "" : reference.slice(0, slash);
	const named = /[.:]/.test(first) || first === "localhost";
	const [repository = "", tag = "latest"] = (named ? reference.slice(slash + 1) : reference).split(":");
	if (named && first !== "docker.io") return { registry: first, repository, tag };
	return {
		registry: "registry-1.docker.io",
		repository: repository.includes("/") ? repository : `library/${repository}`,
		tag,
	};
}

const manifests = [
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** One request to a registry, with the anonymous token that it may ask for. */
async function ask(registry: string, repository: string, path: string, method: string): Promise<Response> {
	const scheme = /^(127\.|localhost(:|$)|\[::1\])/.test(registry) ? "http" : "https";
	const url = `${scheme}://${registry}/v2/${repository}/${path}`;
	const send = (headers: Record<string, string>) =>
		fetch(url, { method, headers: { accept: manifests, ...headers }, signal: AbortSignal.timeout(10_000) });
	const answer = await send({});
	const challenge = answer.status === 401 ? answer.headers.get("www-authenticate") : null;
	if (challenge === null || !/^bearer /i.test(challenge)) return answer;
	const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
	const realm = field("realm");
	if (realm === undefined) return answer;
	const token = new URL(realm);
	const service = field("service");
	if (service !== undefined) token.searchParams.set("service", service);
	token.searchParams.set("scope", field("scope") ?? `repository:${repository}:pull`);
	const granted = await fetch(token, { signal: AbortSignal.timeout(10_000) });
	if (!granted.ok) return answer;
	const { token: plain, access_token } = (await granted.json()) as { token?: string; access_token?: string };
	return send({ authorization: `Bearer ${plain ?? access_token}` });
}
