import { createHash } from "node:crypto";
import { v } from "../build";
import { environment, versions } from "./harness";

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
	const [, current = "", tag = ""] = /^[^/]+\/(.+):([^:]+)$/.exec(environment.current ?? "") ?? [];
	for (const [from, means, to] of [
		[old, mixed.old, mixed.old],
		[current, tag, mixed.current],
		[current, tag, mixed.next],
	] as const)
		await copied(host, from, means, "mixed", to);
	return `${host}/mixed`;
}

/**
 * Makes a repository with the versions `v1`, a server, and `v2`, whose image there is only for another architecture than
 * this machine's.
 *
 * @returns the image without a tag.
 */
export async function alienImage(): Promise<string> {
	const [, host = "", from = ""] = /^([^/]+)\/(.+)$/.exec(environment.image) ?? [];
	const manifest = await copied(host, from, versions.v1, "alien", versions.v1);
	const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
	const size = Buffer.byteLength(manifest);
	const platform = { os: "linux", architecture: process.arch === "arm64" ? "amd64" : "arm64" };
	const mediaType = "application/vnd.oci.image.index.v1+json";
	const index = { schemaVersion: 2, mediaType, manifests: [{ mediaType: manifestType, digest, size, platform }] };
	await put("PUT", `http://${host}/v2/alien/manifests/${versions.v2}`, JSON.stringify(index), mediaType);
	return `${host}/alien`;
}

/**
 * Makes a repository with the versions `v1`, a server, and `v2`, in whose image no program is found by its name alone, as
 * in one without a shell.
 *
 * @returns the image without a tag.
 */
export async function shelllessImage(): Promise<string> {
	const [, host = "", from = ""] = /^([^/]+)\/(.+)$/.exec(environment.image) ?? [];
	const manifest = JSON.parse(await copied(host, from, versions.v1, "shellless", versions.v1)) as Manifest;
	const answer = await fetch(`http://${host}/v2/${from}/blobs/${manifest.config.digest}`);
	const config = (await answer.json()) as { readonly config?: object };
	const made = JSON.stringify({ ...config, config: { ...config.config, Env: ["PATH=/none"] } });
	const digest = `sha256:${createHash("sha256").update(made).digest("hex")}`;
	const blob = `http://${host}/v2/shellless/blobs/uploads/`;
	const { headers } = await fetch(blob, { method: "POST" });
	const to = new URL(headers.get("location") ?? "", blob);
	to.searchParams.set("digest", digest);
	await put("PUT", to.href, made, "application/octet-stream");
	const its = { ...manifest, config: { ...manifest.config, digest, size: Buffer.byteLength(made) } };
	await put("PUT", `http://${host}/v2/shellless/manifests/${versions.v2}`, JSON.stringify(its));
	return `${host}/shellless`;
}

/** Makes a tag of one repository a tag of another; returns its manifest. */
async function copied(host: string, from: string, means: string, repository: string, to: string): Promise<string> {
	const answer = await fetch(`http://${host}/v2/${from}/manifests/${means}`, { headers: { accept: manifestType } });
	if (!answer.ok) throw new Error(`${host}/${from}:${means}: ${answer.status}`);
	const manifest = await answer.text();
	const { config, layers } = JSON.parse(manifest) as Manifest;
	for (const { digest } of [config, ...layers])
		await put("POST", `http://${host}/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`);
	await put("PUT", `http://${host}/v2/${repository}/manifests/${to}`, manifest);
	return manifest;
}

async function put(method: string, url: string, body?: string, type = manifestType): Promise<void> {
	const answer = await fetch(url, { method, body, headers: { "content-type": type } });
	if (answer.status !== 201) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}
