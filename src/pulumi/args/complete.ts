import { ControlError } from "../../control/errors";
import { type DbVersion, parseVersion } from "../../core/version";
import type { Home } from "./home";
import type { Properties } from "./inputs";
import { inputsAmong } from "./inputs";
import { parse, type Valid } from "./parse";

/** Inputs of which everything is known. */
export interface Complete extends Valid {
	readonly version: DbVersion;
	readonly place: Home;
}

/** Reads inputs that check has let through. */
export function complete(inputs: Properties): Complete {
	const valid = parse(inputsAmong(inputs));
	if (valid.problems !== undefined) {
		throw new ControlError(valid.problems.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
	}
	const version = parseVersion(valid.version);
	if (version === undefined || valid.place === undefined) {
		throw new ControlError(`still unknown during the update: ${valid.unknown.join(", ")}. Run pulumi up again.`);
	}
	return { ...valid, version, place: valid.place };
}
