import { ControlError } from "../control/errors";
import { type Known, known, type Release, unknown } from "../core/question";
import { type DbVersion, highest, parseVersion } from "../core/version";
import { isKnown, type Valid } from "./parse";

/** Which versions exist: the user's own list, or else what the platform can run. */
export async function catalogueOf(valid: Valid): Promise<Known<readonly Release[]>> {
	if (!isKnown(valid, "versions")) return unknown("versions is not known yet");
	const list = listed(valid);
	if (list !== undefined) return known(list);
	if (valid.place === undefined) return unknown("it is not known yet where the cluster lives");
	try {
		return known(await valid.place.platform.releases(valid.place.settings));
	} catch (error) {
		if (error instanceof ControlError) return unknown(error.message);
		throw error;
	}
}

/** The user's own list: read from the arguments, it costs nothing. */
export function listed({ args }: Valid): Release[] | undefined {
	return args.versions?.list?.flatMap(({ version, engine }) => {
		const parsed = parseVersion(version);
		return parsed === undefined ? [] : [{ version: parsed, ...(engine !== undefined && { engine }) }];
	});
}

export function latestOf(catalogue: Known<readonly Release[]>): DbVersion | undefined {
	return catalogue.known ? highest(catalogue.value.map(({ version }) => version)) : undefined;
}
