import { ControlError } from "../../../control/errors";
import type { Pin } from "../../../control/platform";
import { type DbVersion, parseVersion, sameVersion } from "../../../core/version";
import { parseReference, tagged, versionText } from "../../../remote/reference";
import { findImage, listTags } from "../../../remote/registry";
import type { Image } from "../render/pod";

/** The tag of a version: the version itself, or where `{version}` stands in the image's name. */
export function taggedImage(image: string, version: DbVersion): string {
	return tagged(image, version);
}

/** The version that an image's tag names, in a reference as pods carry it; `undefined` where the tag names none. */
export function versionOfImage(image: string, reference: string): DbVersion | undefined {
	const tag = /:([^/:@]+)(?:@|$)/.exec(reference)?.[1];
	return tag === undefined ? undefined : parseVersion(versionText(image, tag));
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
	const reference = tagged(image, version);
	const found = await findImage(parseReference(reference)).catch(() => ({ digest: undefined }));
	if (found === "missing")
		throw new ControlError(
			`there is no image ${reference}: the registry knows no such tag. Push it, or set another version`,
		);
	const wanted = sameVersion(pin?.version, version) ? pin?.digest : undefined;
	if (wanted !== undefined && found.digest !== undefined && found.digest !== wanted)
		throw new ControlError(
			`the registry has ${reference} as ${found.digest}, and version says ${wanted}: they must agree. Find out which of them was meant, and write that digest, or none`,
		);
	const digest = wanted ?? found.digest;
	return digest === undefined
		? { reference, version, pullAlways: true }
		: { reference: `${reference}@${digest}`, version, pullAlways: false };
}

/** The versions that the registry has images of, in no order. Throws when it can't be asked. */
export async function listVersions(image: string): Promise<DbVersion[]> {
	const tags = await listTags(parseReference(tagged(image, "0.0.0")));
	return tags.flatMap((tag) => parseVersion(versionText(image, tag)) ?? []);
}
