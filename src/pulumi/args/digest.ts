import { parseVersion } from "../../core/version";
import { digestFlawText } from "../../words/resource";

/** A version as a program may write it: `1.8.0`, or with the digest that its image must have, `1.8.0@sha256:...`. */
export interface Written {
	/** Without the digest; not judged yet. */
	readonly version: string;
	readonly digest?: string;
}

export function splitDigest(text: string): Written {
	const [, version = text, digest] = /^([^@]*)@(.*)$/s.exec(text) ?? [];
	return digest === undefined ? { version } : { version, digest };
}

/** The version without its digest, whatever a property holds. */
export const plainVersion = (value: unknown) =>
	parseVersion(typeof value === "string" ? splitDigest(value).version : value);

/** What is wrong with the digest of a version; `undefined` where nothing is, or where there is none. */
export function digestProblem({ version, digest }: Written, isImage: boolean): string | undefined {
	if (digest === undefined) return undefined;
	if (version === "latest") return digestFlawText("latest");
	if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return digestFlawText("malformed");
	return isImage ? undefined : digestFlawText("no-image");
}
