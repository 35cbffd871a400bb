import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, CheckResult } from "@pulumi/pulumi/dynamic";
import { ControlError } from "../../control/errors";
import type { ClusterRecord } from "../../control/record";
import type { Known } from "../../core/question";
import type { DbVersion } from "../../core/version";
import { harmless } from "../../core/visible";
import { controlErrorText } from "../../words/errors";
import { withRule } from "../../words/refusals";
import {
	movedText,
	newOwnerText,
	notKnownYetCaveats,
	takenUpClause,
	takeoverCaveats,
	unseenText,
} from "../../words/resource";
import { withFullStop } from "../../words/text";
import { asBefore, type Home } from "../args/home";
import { endpointOf, inputsAmong, type Properties, withoutUndefined } from "../args/inputs";
import { isKnown, parse, type Valid } from "../args/parse";
import type { InputProblem } from "../args/problem";
import { tell } from "../host/teller";
import { checkExisting, checkUnreachable } from "./check-existing";
import { checkNew } from "./check-new";
import { factsOf } from "./facts";
import { type CheckInput, type Found, needsLook, refused } from "./outcome";
import { resolveVersion } from "./resolve";

/**
 * Milliseconds that the record of an unchanged cluster may be old: a stack's clusters are checked one after another, and
 * one list may do for all. What changes is looked at as it is, and again in `up`.
 */
const recently = 10_000;

/**
 * Says in preview, and again in `up`, everything that is wrong with the inputs, and every reason why the update that they
 * ask for is not allowed. It never throws for a user's mistake.
 *
 * @param olds the old INPUTS; empty for a new resource, and with `--replace`.
 */
export async function check(olds: Properties, news: Properties): Promise<CheckResult> {
	const found = await examine(olds, news).catch((error: unknown): Found => {
		if (error instanceof ControlError) return refused("", controlErrorText(error));
		throw error;
	});
	return say(found, news);
}

async function examine(olds: Properties, news: Properties): Promise<Found> {
	const asked = await read(olds, news);
	if ("failures" in asked) return asked;
	const { place } = asked.valid;
	// In the place of `latest` stands the version that it means now, so that a newer one shows as a change.
	const settled = settledBy(asked);
	const caveats = unjudged(asked);
	if (place === undefined) return { inputs: { ...settled, caveats } };
	const record = await look(asked);
	const refusal = refusedThere(asked, place, record);
	if (refusal !== undefined) return refusal;
	// What it had to reach the cluster with may be old where other arguments are not known yet.
	if (asked.isAssumed && !(record.known && record.value !== undefined)) return { inputs: { ...settled, caveats } };
	const found = await decide({ ...asked, news: { ...asked.news, ...settled } }, place, record);
	const inputs = { ...settled, ...found.inputs };
	return { failures: found.failures, inputs: { ...inputs, caveats: inputs.caveats ?? caveats } };
}

/** What the caveats say where there is a cluster and what is not known yet may change it, unless they say more. */
function unjudged({ valid, isAssumed, olds }: CheckInput): Properties | undefined {
	const isWhole = valid.place !== undefined && !isAssumed;
	const isJudged = isWhole && ["shards", "replicas", "desiredState"].every((property) => isKnown(valid, property));
	return isJudged || Object.keys(olds).length === 0 ? undefined : notKnownYetCaveats(valid.unknown);
}

/** 1. Reads what is asked for, or finds what is wrong with the arguments by themselves. */
async function read(olds: Properties, news: Properties): Promise<CheckInput | Required<Pick<Found, "failures">>> {
	const given = parse(news);
	if (given.problems !== undefined) return { failures: given.problems };
	const before = formerly(olds, news, given);
	const place = given.place ?? placeAsBefore(olds, news);
	const moved = movedFrom(before?.place, place);
	if (moved !== undefined && !mayBeSame(before?.place, place)) return { failures: [moved] };
	// Which cluster it is depends on none of what is not known yet: the version is judged, by the settings of before.
	const isAssumed = given.place === undefined && before?.place !== undefined && isFound(given, place);
	const valid = isAssumed ? { ...given, place } : given;
	const facts = factsOf(valid, before?.version, before === valid ? recently : undefined);
	const { version, written, failure } = await resolveVersion(valid, facts, before?.version, olds.written);
	if (failure !== undefined) return { failures: [failure] };
	const settled = { before, version, written, olds, news: inputsAmong(news), moved, ...(isAssumed && { isAssumed }) };
	const pinned = pinnedTo(version, valid);
	return pinned === undefined
		? { ...settled, valid, facts }
		: { ...settled, valid: pinned, facts: factsOf(pinned, before?.version) };
}

/** A digest that was written with another tag of the same image is that of the version which the tag means. */
function pinnedTo(version: DbVersion | undefined, valid: Valid): Valid | undefined {
	const { place } = valid;
	if (version === undefined || place?.pin === undefined || place.pin.version === version) return undefined;
	return { ...valid, place: { ...place, pin: { ...place.pin, version } } };
}

/** 2. Looks at what there is: all of it at once where that is needed anyway, else at nothing but the record. */
async function look(asked: CheckInput): Promise<Known<ClusterRecord | undefined>> {
	if (needsLook(asked)) await asked.facts.cluster();
	return asked.facts.record();
}

/** Refuses a place in which the cluster can't be asked, or is another one of the same name, or none. */
function refusedThere(
	{ moved, valid, olds }: CheckInput,
	{ platform }: Home,
	record: Known<ClusterRecord | undefined>,
): Found | undefined {
	if (moved === undefined) return undefined;
	if (!record.known) return refused(platform.name, unseenText(record.why));
	const owner = record.value?.owner;
	return owner !== undefined && [valid.args.owner, olds.owner].includes(owner) ? undefined : { failures: [moved] };
}

/** 3. Decides, by the rules and by what the platform says. */
async function decide(asked: CheckInput, place: Home, record: Known<ClusterRecord | undefined>): Promise<Found> {
	if (!record.known) return checkUnreachable(asked, record.why);
	if (record.value === undefined) return checkNew(asked, place);
	const found = await checkExisting(asked, place, record.value);
	if ((found.failures ?? []).length > 0) return found;
	const { olds, valid } = asked;
	// Pulumi may show a delete beside the create, as after a move.
	const isTakenUp = Object.keys(olds).length === 0;
	if (isTakenUp) await tell(`${place.name} ${takenUpClause}.`);
	const { owner } = record.value;
	const facts = {
		...(isTakenUp && { cluster: takenUpClause }),
		...(owner !== valid.args.owner && { owner: newOwnerText(owner, valid.args.owner, owner === olds.owner) }),
	};
	if (Object.keys(facts).length === 0) return found;
	return withCaveats(found, takeoverCaveats(facts));
}

/** With more caveats above those that there are. */
function withCaveats({ inputs, ...found }: Found, more: Properties): Found {
	return { ...found, inputs: { ...inputs, caveats: { ...more, ...(inputs?.caveats as Properties) } } };
}

/** 4. Says it as Pulumi takes it. */
function say({ failures = [], inputs }: Found, news: Properties): CheckResult {
	const told = failures.map((failure) => withoutValue(failure, news));
	return { inputs: { ...inputsAmong(news), ...withoutUndefined(inputs ?? {}) }, failures: told };
}

/**
 * Pulumi prints the value of a property that a failure names: of an object all secrets in it, in clear, and `<nil>` for
 * what is no property of the resource's own, such as `update.window`, or is left out. Those are named in the text.
 */
function withoutValue({ property, ...refusal }: InputProblem, news: Properties): CheckFailure {
	const reason = harmless(withRule({ ...refusal, reason: withFullStop(refusal.reason) }));
	const isShown = property === "" || ["string", "number", "boolean"].includes(typeof news[property]);
	return isShown ? { property, reason } : { property: "", reason: harmless(`${property}: ${reason}`) };
}

/** The inputs that are known once the arguments are read. */
function settledBy({ valid, version, written }: CheckInput): Properties {
	const digest = valid.place?.pin?.digest;
	return {
		...(version !== undefined && { version: digest ? `${version}@${digest}` : version }),
		written,
		endpoint: endpointOf(valid),
	};
}

/** The old inputs. An older or newer release may have written what this one can't read: then all is judged live. */
function formerly(olds: Properties, news: Properties, valid: Valid): Valid | undefined {
	const inputs = inputsAmong(olds);
	// Most often nothing changed: then it has been read already.
	if (isDeepStrictEqual(inputs, inputsAmong(news))) return valid;
	const before = parse(inputs);
	return before.problems === undefined ? before : undefined;
}

/** Whether none of what is not known yet says where the cluster is. */
function isFound({ unknown }: Valid, place: Home | undefined): boolean {
	const { name, keys = [], locating = keys } = place?.platform ?? {};
	return unknown.every((path) => {
		const [first = "", setting] = path.split(/[.[]/);
		if (first !== name) return first !== "name" && place !== undefined;
		return setting !== undefined && !locating.includes(setting);
	});
}

/** Where the cluster lives if all that is not known yet stays as it was. The rest of it is checked once it is known. */
function placeAsBefore(olds: Properties, news: Properties): Home | undefined {
	const settled = parse(asBefore(news, inputsAmong(olds)));
	return settled.problems === undefined ? settled.place : undefined;
}

const mayBeSame = (old: Home | undefined, place: Home | undefined) =>
	old !== undefined &&
	place !== undefined &&
	old.name === place.name &&
	old.platform === place.platform &&
	place.platform.mayBeSame?.(old.settings, place.settings) === true;

function movedFrom(old: Home | undefined, place: Home | undefined): InputProblem | undefined {
	if (old === undefined || place === undefined || old.id === place.id) return undefined;
	const isRenamed = old.name !== place.name;
	const reason = movedText(old.id, place.id, isRenamed ? old.name : undefined);
	return { property: isRenamed ? "name" : place.platform.name, reason };
}
