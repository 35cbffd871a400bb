import { ControlError } from "../../../control/errors";
import type { Pin } from "../../../control/platform";
import { type DbVersion, parseVersion, sameVersion } from "../../../core/version";
import { parseReference, tagged, versionText } from "../../../remote/reference";
import { findImage, listTags } from "../../../remote/registry";
import type { Image } from "../render/pod";

/** The tag of a version: the version itself, or the image's name with `{version}` replaced. */
export function taggedImage(image: string, version: DbVersion): string {
	return tagged(image, version);
}

/** The version in an image's tag, in a reference as pods carry it; `undefined` if the tag contains none. */
export function versionOfImage(image: string, reference: string): DbVersion | undefined {
	const tag = /:([^/:@]+)(?:@|$)/.exec(reference)?.[1];
	return tag === undefined ? undefined : parseVersion(versionText(image, tag));
}

/**
 * Pins the image of a version to its tag's current digest, so that a fixed image under the same tag leads to another
 * pod. If the registry can't be asked from here (private, or reachable only for the nodes), the tag stays and each
 * start pulls it.
 *
 * @param pin The digest that the image must have; also used if the registry can't be asked.
 * @throws ControlError if the registry says that the image does not exist or is another one: nothing has been
 * touched then.
 */
export async function resolveImage(image: string, version: DbVersion, pin?: Pin): Promise<Image> {
	const reference = tagged(image, version);
	const found = await findImage(parseReference(reference)).catch(() => ({ digest: undefined }));
	if (found === "missing")
		throw new ControlError(
			`image ${reference} does not exist: its registry has no such tag. Push it, or set another version`,
		);
	const wanted = sameVersion(pin?.version, version) ? pin?.digest : undefined;
	if (wanted !== undefined && found.digest !== undefined && found.digest !== wanted)
		throw new ControlError(
			`the registry has ${reference} with the digest ${found.digest}, but version asks for ${wanted}. Check which of them is right, then set that digest in version, or leave the digest out`,
		);
	const digest = wanted ?? found.digest;
	return digest === undefined
		? { reference, version, pullAlways: true }
		: { reference: `${reference}@${digest}`, version, pullAlways: false };
}

/** The versions of the images in the registry, in no order. Throws if it can't be asked. */
export async function listVersions(image: string): Promise<DbVersion[]> {
	const tags = await listTags(parseReference(tagged(image, "0.0.0")));
	return tags.flatMap((tag) => parseVersion(versionText(image, tag)) ?? []);
}
