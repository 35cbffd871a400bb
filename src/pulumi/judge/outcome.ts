import { isDeepStrictEqual } from "node:util";
import type { ClusterRecord } from "../../control/record";
import { type DbVersion, parseVersion, sameVersion } from "../../core/version";
import type { Properties } from "../args/inputs";
import { isKnown, type Valid } from "../args/parse";
import type { InputProblem } from "../args/problem";
import type { Facts } from "./facts";

/** What a check is about. */
export interface CheckInput {
	readonly valid: Valid;
	/** What is asked of the world outside, of which each branch of the check asks only what it needs. */
	readonly facts: Facts;
	/** What refuses the move, where the place is another and its cluster may still be the same. */
	readonly moved?: InputProblem;
	/** Some settings are not known yet: those of before stand in for them. */
	readonly isAssumed?: boolean;
	/** The old inputs, where there are some that this package can read. */
	readonly before: Valid | undefined;
	/** `undefined`: not known yet. */
	readonly version: DbVersion | undefined;
	/** What the program says, if that is another tag of the version's image. */
	readonly written?: string;
	/** Empty for a new resource. */
	readonly olds: Properties;
	readonly news: Properties;
}

/** What a check found. */
export interface Found {
	readonly failures?: readonly InputProblem[];
	/** Inputs that are added, or take the place of what the program gave. */
	readonly inputs?: Properties;
}

/**
 * Whether a cluster that exists is this resource's, or may become it. After `pulumi stack rename` the old inputs or
 * outputs carry the former owner, and so does the cluster.
 */
export function mayOwn({ owner }: ClusterRecord, { args }: Valid, formerOwner: unknown): boolean {
	return args.adopt || owner === args.owner || (typeof formerOwner === "string" && owner === formerOwner);
}

export function refused(property: string, reason: string): Found {
	return { failures: [{ property, reason }] };
}

/** Whether the image that is asked for is pinned otherwise than it was. */
export function isPinned({ valid, before }: CheckInput): boolean {
	const pin = valid.place?.pin;
	return pin !== undefined && pin.digest !== before?.place?.pin?.digest;
}

/** Whether the settings differ from those that the old inputs hold. */
export function isReset({ valid, before }: CheckInput): boolean {
	return !isDeepStrictEqual(valid.place?.settings, before?.place?.settings);
}

/** Whether what is seen of the cluster is kept, for previews that can't reach it. */
export function isRecorded({ valid }: CheckInput): boolean {
	return valid.args.update.judge === "recorded";
}

/** Whether it is to be started or stopped now. */
export function isSwitched({ valid, before }: CheckInput): boolean {
	return isKnown(valid, "desiredState") && valid.args.desiredState !== before?.args.desiredState;
}

/**
 * Whether the arguments alone tell that the whole cluster has to be looked at. Its record may tell so, too: of an update
 * that stopped midway, or of somebody else who scaled it.
 */
export function needsLook(asked: CheckInput): boolean {
	const { version, olds } = asked;
	if (version === undefined || Object.keys(olds).length === 0) return false;
	return isRecorded(asked) || changes(asked);
}

/** Whether the arguments ask for another version, settings, size or state of the cluster than the old inputs. */
export function changes(asked: CheckInput): boolean {
	const { valid, before } = asked;
	const resized = (["shards", "replicas"] as const).some(
		(property) => isKnown(valid, property) && valid.args[property] !== before?.args[property],
	);
	return [isPinned, isSwitched, isReset].some((is) => is(asked)) || !isUnchanged(asked) || resized;
}

/** Whether the version that is asked for is the one that the old inputs hold. */
export function isUnchanged({ before, version }: CheckInput): boolean {
	return sameVersion(parseVersion(before?.version), version);
}
