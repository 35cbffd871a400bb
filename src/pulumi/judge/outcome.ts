import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { type DbVersion, parseVersion, sameVersion } from "../../core/version";
import type { Properties } from "../args/inputs";
import type { Valid } from "../args/parse";

/** What a check is about. */
export interface Asked {
	readonly valid: Valid;
	/** The old inputs, where there are some that this package can read. */
	readonly before: Valid | undefined;
	/** `undefined`: not known yet. */
	readonly version: DbVersion | undefined;
	/** Empty for a new resource. */
	readonly olds: Properties;
	readonly news: Properties;
}

/** What a check found. */
export interface Found {
	readonly failures?: readonly CheckFailure[];
	/** Inputs that are added, or take the place of what the program gave. */
	readonly inputs?: Properties;
}

export function refused(property: string, reason: string): Found {
	return { failures: [{ property, reason }] };
}

/** Whether the version that is asked for is the one that the old inputs hold. */
export function isUnchanged({ before, version }: Asked): boolean {
	return sameVersion(parseVersion(before?.version), version);
}
