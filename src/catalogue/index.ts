import type { Release } from "../core/release";
import { documentReleases } from "./document";
import { type ImageTags, registryReleases } from "./registry";

/** Where versions come from: exactly one of these is set. */
export interface Source {
	readonly list?: readonly Release[];
	readonly registry?: ImageTags;
	readonly url?: string;
}

/**
 * The versions of a source. Cheap to call again: what is fetched is cached for a few minutes.
 *
 * @throws ControlError if they can't be fetched.
 */
export async function releasesOf({ list, registry, url }: Source): Promise<readonly Release[]> {
	if (registry !== undefined) return registryReleases(registry);
	return url === undefined ? (list ?? []) : documentReleases(url);
}
