import { sameVersion } from "../../core/version";
import { caveatsText } from "../../words/caveats";
import { idShowsText } from "../../words/resource";
import { plainVersion } from "../args/digest";
import { type Properties, withoutUndefined } from "../args/inputs";
import { parse } from "../args/parse";
import { pathText } from "../args/unknown";
import { warn } from "../host/engine";
import { unknownValue } from "../stored";
import { secretsIn } from "./hiding";
import type { Opened } from "./values";

/** What shows only once it is done. */
const seenThen = {
	state: unknownValue,
	replicaVersions: unknownValue,
	latestVersion: unknownValue,
	updateAvailable: unknownValue,
};

/** The outputs of a cluster that is to be created, as far as a preview knows them. */
export function foreseenCreate(inputs: Properties): Properties {
	return { endpoint: unknownValue, ...inputs, ...versionOf(inputs), ...seenThen, generation: unknownValue };
}

/** The outputs of one that is to be updated. */
export function foreseenUpdate(olds: Properties, news: Properties): Properties {
	const [before, version] = [plainVersion(olds.version), plainVersion(news.version)];
	const moved = before !== undefined && !sameVersion(before, version);
	const previous = moved ? before : olds.previousVersion;
	return withoutUndefined({
		endpoint: unknownValue,
		...news,
		...versionOf(news),
		...seenThen,
		generation: olds.generation,
		previousVersion: version === undefined ? unknownValue : previous,
		lastUpdate: unknownValue,
	});
}

/** The outputs have it without the digest, and a number also where the program says `latest`. */
function versionOf({ version }: Properties): Properties {
	return { version: plainVersion(version) ?? unknownValue };
}

/**
 * The caveats as one warning on the resource's row: it shows in the short preview, too, and under `diagnostics` in that of
 * `--json`. Only a preview of create or update may call this, never a check, which `pulumi up` asks again.
 */
export async function warnOf({ caveats }: Properties): Promise<void> {
	const text = caveatsText(caveats);
	if (text !== undefined) await warn(text);
}

/** The id of a resource can't be secret: warns of secrets that are a part of it. */
export async function warnOfId(inputs: Opened): Promise<void> {
	if (inputs.secrets.length === 0) return;
	const valid = parse(inputs.value);
	const shown = valid.problems === undefined && valid.place !== undefined ? secretsIn(inputs, valid.place.id) : [];
	if (shown.length > 0) await warn(idShowsText(shown.map(pathText)));
}
