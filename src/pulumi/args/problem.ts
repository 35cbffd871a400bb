import { insteadOf } from "../../control/accepts";
import type { Platform } from "../../control/platform";
import { unknown } from "../../core/question";
import type { Refusal, RuleName, VersionFlaw } from "../../core/refusal";
import { flawOf } from "../../core/rules/version-format";
import { parseVersion } from "../../core/version";
import { refusalText } from "../../words/refusals";
import { digestProblem, splitDigest } from "./digest";
import { type Path, shownPath } from "./unknown";

/** What is wrong with one property; Pulumi writes the property and its value before the reason. */
export interface InputProblem {
	readonly property: string;
	readonly reason: string;
	/** The rule that it comes from; absent where it is about an argument, or about what the platform can do. */
	readonly rule?: RuleName;
}

const secretLike = /pass|secret|token|key|credential|auth|config/i;

/** Pulumi prints the value of a property that a problem names, so what may hold a secret is named in the reason only. */
export function problemAt(path: Path, reason: string): InputProblem {
	const property = shownPath(path);
	if (property === "versions.url") return { property: "", reason: `${property}: ${reason}` };
	return { property: path.length === 1 && secretLike.test(property) ? "" : property, reason };
}

/** A property that there is none of. */
export function stranger(path: Path, key: string, names: readonly string[]): InputProblem {
	return problemAt([...path, key], noPropertyText(path, key, names));
}

export function noPropertyText(path: Path, key: string, names: readonly string[]): string {
	return `there is no property ${shownPath([...path, key])}. ${insteadOf(key, names)}`;
}

/** What is wrong with a version as it was written; `undefined` for a DB version and for `latest`. */
export function versionProblem(text: string, platform: Platform | undefined): InputProblem | undefined {
	const written = splitDigest(text);
	const { version } = written;
	if (version !== "latest" && parseVersion(version) === undefined) return flawed(version, flawOf(version, unknown("")));
	const reason = digestProblem(written, platform?.engines !== true);
	return reason === undefined ? undefined : { property: "version", reason };
}

export function flawed(target: string, flaw: VersionFlaw): InputProblem {
	return refusalOf({ rule: "version-format", property: "version", target, ...flaw });
}

/** A refusal in words. */
export function refusalOf(refusal: Refusal): InputProblem & { readonly rule: RuleName } {
	const { rule, property } = refusal;
	return { rule, property, reason: refusalText(refusal) };
}
