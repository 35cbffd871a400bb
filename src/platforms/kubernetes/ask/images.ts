import { ControlError } from "../../../control/errors";
import type { Pin } from "../../../control/platform";
import { spelledOtherwise } from "../../../core/release";
import { type DbVersion, parseVersion, sameVersion } from "../../../core/version";
import { parseReference, readTag, repositoryOf, tagged } from "../../../remote/reference";
import { findImage } from "../../../remote/registry";
import { imageReleases, imagesOf } from "../../../remote/tag-versions";
import type { Image } from "../render/pod";

/** The version in an image's tag, in a reference as pods carry it; `undefined` if the tag contains none. */
export function versionOfImage(image: string, reference: string): DbVersion | undefined {
	const tag = /:([^/:@]+)(?:@|$)/.exec(reference)?.[1];
	return tag === undefined ? undefined : parseVersion(readTag(image, tag)?.text);
}

/** Whether a reference, as pods carry it, is a version of an image. */
export function isImageOf(image: string, reference: string): boolean {
	return repositoryOf(image) === repositoryOf(reference) && versionOfImage(image, reference) !== undefined;
}

/** How many revisions of a version are asked for. */
const mostRevisions = 20;

/**
 * Pins the image of a version to its tag's current digest, so that a fixed image under the same tag leads to another
 * pod: of several revisions the highest, unless the pin is of another. If the registry can't be asked from here (private,
 * or reachable only for the nodes), the tag stays and each start pulls it.
 *
 * @param pin The digest that the image must have; also used if the registry can't be asked.
 * @throws ControlError if the registry says that the image does not exist or is another one: nothing has been
 * touched then.
 */
export async function resolveImage(image: string, version: DbVersion, pin?: Pin): Promise<Image> {
	const wanted = sameVersion(pin?.version, version) ? pin?.digest : undefined;
	const { reference, found } = await lookUp(image, version, wanted);
	if (wanted !== undefined && found !== undefined && found !== wanted)
		throw new ControlError(
			`the registry has ${reference} with the digest ${found}, but version asks for ${wanted}. Check which of them is right, then set that digest in version, or leave the digest out`,
		);
	const digest = wanted ?? found;
	return digest === undefined
		? { reference, version, pullAlways: true }
		: { reference: `${reference}@${digest}`, version, pullAlways: false };
}

interface Found {
	readonly reference: string;
	/** The digest, if the registry says it. */
	readonly found: string | undefined;
}

/** Finds a version's tag by its name or, if that is missing or contains a revision, among all tags. */
async function lookUp(image: string, version: DbVersion, wanted: string | undefined): Promise<Found> {
	const named = tagged(image, version);
	const hasRevisions = named.includes("*");
	const first = hasRevisions ? "missing" : await ask(named);
	if (first !== "missing") return { reference: named, found: first.digest };
	const references = await imagesOf(image, version).catch((error: Error) => {
		if (!hasRevisions) return [];
		throw new ControlError(
			`the highest tag that matches ${named} is unknown: ${error.message}. Make sure that the registry can be reached from this machine, or set image without *`,
		);
	});
	let highest: Found | undefined;
	for (const reference of references.slice(0, mostRevisions)) {
		const answer = await ask(reference);
		if (answer === "missing") continue;
		const next = { reference, found: answer.digest };
		if (wanted === undefined || next.found === wanted) return next;
		highest ??= next;
	}
	if (highest !== undefined) return highest;
	const releases = await imageReleases({ image }, [version]).catch(() => []);
	const its = spelledOtherwise(releases, version).find(({ tag }) => tag.includes(version));
	const spelt = its && `. It has ${its.tag}, for which image must be ${its.image}`;
	throw new ControlError(
		`image ${named} does not exist: its registry has no such tag${spelt ?? ". Push it, or set another version"}`,
	);
}

/** A registry that can't be asked from here may be reachable for the nodes. */
const ask = (reference: string) => findImage(parseReference(reference)).catch(() => ({ digest: undefined }));
