import { releasesOf, type Source } from "../../catalogue";
import { withKnown } from "../../catalogue/known";
import { attempt } from "../../control/errors";
import { type Known, type Release, unknown } from "../../core/question";
import { latestOf as latestAmong } from "../../core/release";
import { type DbVersion, parseVersion } from "../../core/version";
import { isKnown, type Valid } from "../args/parse";

/**
 * Which versions exist: what the user names, or else what the platform can run.
 *
 * @param before The version of the old inputs: it may be another tag of the image that is asked for.
 */
export async function catalogueOf(valid: Valid, before?: string): Promise<Known<readonly Release[]>> {
	if (!isKnown(valid, "versions")) return unknown("the argument versions is not known yet");
	const source = sourceOf(valid);
	const { place } = valid;
	if (source === undefined && place === undefined)
		return unknown("where the cluster is (kubernetes, local or name) is not known yet");
	const about = [valid.version, before].flatMap((text) => parseVersion(text) ?? []);
	return attempt(async () => {
		const releases =
			source === undefined ? await place?.platform.releases(place.settings, about) : await releasesOf(source, about);
		return withKnown(releases ?? []);
	});
}

/** Where the user says that versions come from; `undefined` where he leaves that to the platform. */
export function sourceOf({ args }: Valid): Source | undefined {
	const { list, registry, url } = args.versions ?? {};
	if (registry !== undefined || url !== undefined) return { ...(registry && { registry }), ...(url && { url }) };
	return list && { list: list.flatMap(releaseIn) };
}

type Entry = NonNullable<NonNullable<Valid["args"]["versions"]>["list"]>[number];

function releaseIn({ version, ...rest }: Entry): Release[] {
	const parsed = parseVersion(version);
	const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
	return parsed === undefined ? [] : [{ version: parsed, ...given }];
}

/** @param at What runs: it is the latest, too, if it is another tag of the same image. */
export function latestKnown(catalogue: Known<readonly Release[]>, at?: DbVersion): DbVersion | undefined {
	return catalogue.known ? latestAmong(catalogue.value, at) : undefined;
}
