import type { Release } from "../core/release";
import { documentReleases } from "./document";
import { type ImageTags, registryReleases } from "./registry";

/** Where versions come from: exactly one of these. */
export interface Source {
	readonly list?: readonly Release[];
	readonly registry?: ImageTags;
	/** The address of a document. */
	readonly url?: string;
}

/**
 * The versions that a source has. Cheap to call again: what is fetched is kept for a few minutes.
 *
 * @throws ControlError where they can't be had.
 */
export async function releasesOf({ list, registry, url }: Source): Promise<readonly Release[]> {
	if (registry !== undefined) return registryReleases(registry);
	return url === undefined ? (list ?? []) : documentReleases(url);
}
