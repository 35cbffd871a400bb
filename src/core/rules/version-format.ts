import type { Question } from "../question";
import type { VersionFlaw } from "../refusal";
import { spelledOtherwise } from "../release";
import { parseVersion } from "../version";
import type { Rule } from "./rule";

export const versionFormat: Rule<"version-format"> = {
	name: "version-format",
	judge: ({ question, target }) =>
		target === undefined ? flawOf(String(question.target), question.catalogue) : undefined,
};

/** What is wrong with a text that is not a DB version, and which version was most likely meant. */
export function flawOf(text: string, catalogue: Question["catalogue"]): VersionFlaw {
	if (text === "latest") {
		if (!catalogue.known) return { flaw: "latest-unknown", why: catalogue.why };
		const elsewhere = spelledOtherwise(catalogue.value);
		return { flaw: "latest-unknown", ...(elsewhere.length > 0 && { elsewhere }) };
	}
	const trimmed = text.trim();
	if (trimmed === "") return { flaw: "empty" };
	const bare = trimmed.replace(/^v/i, "");
	const meant = parseVersion(bare.replace(/(?<![\d])0+(?=\d)/g, ""));
	if (trimmed !== text) return { flaw: "blanks", ...(meant !== undefined && { meant }) };
	if (meant !== undefined) return { flaw: bare === trimmed ? "leading-zero" : "prefix", meant };
	if (!/^\d+(\.\d+)*$/.test(bare)) return { flaw: /^\d+(\.\d+){1,3}\.?[-+_ a-z]/i.test(bare) ? "suffix" : "other" };
	if (bare !== trimmed) return { flaw: "suffix" };
	return { flaw: bare.split(".").some((part) => part.length > 9) ? "too-long" : "parts" };
}
