import type { Release } from "../core/release";
import { parseVersion } from "../core/version";
import { parseReference, tagged, versionText } from "../remote/reference";
import { listTags } from "../remote/registry";

/** An image whose tags are versions. */
export interface ImageTags {
	/** Its repository; if tags contain more than a version, `{version}` marks its place: `acme/db:v{version}`. */
	readonly image: string;
	/** A regular expression: only tags that match it count. */
	readonly tags?: string;
}

/** The versions in an image's tags. @throws ControlError if the registry does not list them. */
export async function registryReleases({ image, tags }: ImageTags): Promise<Release[]> {
	const wanted = tags === undefined ? undefined : new RegExp(tags);
	const found = await listTags(parseReference(tagged(image, "0.0.0")));
	return found.flatMap((tag) => {
		const version = parseVersion(versionText(image, tag));
		return version === undefined || wanted?.test(tag) === false ? [] : [{ version }];
	});
}
