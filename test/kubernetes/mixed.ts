import { v } from "../build";
import { environment } from "./harness";

const manifestType = "application/vnd.docker.distribution.manifest.v2+json";

interface Manifest {
	readonly config: { readonly digest: string };
	readonly layers: readonly { readonly digest: string }[];
}

/** The tags of {@link mixedImage}: an old server, and a current one under two versions. */
export const mixed = { old: v("1.7.1"), current: v("26.7.1"), next: v("26.7.2") } as const;

/**
 * Makes a repository of old and current servers beside those that the tests have, as that of an image that is kept for
 * years: nothing is copied, its tags mean what tags elsewhere in the registry mean.
 *
 * @returns the image without a tag.
 */
export async function mixedImage(): Promise<string> {
	const [, host = "", old = ""] = /^([^/]+)\/(.+)$/.exec(environment.image) ?? [];
	const [, current = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(environment.current) ?? [];
	for (const [from, means, to] of [
		[old, mixed.old, mixed.old],
		[current, tag, mixed.current],
		[current, tag, mixed.next],
	] as const) {
		const answer = await fetch(`http://${host}/v2/${from}/manifests/${means}`, { headers: { accept: manifestType } });
		if (!answer.ok) throw new Error(`${host}/${from}:${means}: ${answer.status}`);
		const manifest = await answer.text();
		const { config, layers } = JSON.parse(manifest) as Manifest;
		for (const { digest } of [config, ...layers])
			await put("POST", `http://${host}/v2/mixed/blobs/uploads/?mount=${digest}&from=${from}`);
		await put("PUT", `http://${host}/v2/mixed/manifests/${to}`, manifest);
	}
	return `${host}/mixed`;
}

async function put(method: string, url: string, body?: string): Promise<void> {
	const answer = await fetch(url, { method, body, headers: { "content-type": manifestType } });
	if (answer.status !== 201) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}
