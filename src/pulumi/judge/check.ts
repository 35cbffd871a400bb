import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, CheckResult } from "@pulumi/pulumi/dynamic";
import { ControlError } from "../../control/errors";
import { controlErrorText } from "../../words/errors";
import { movedText } from "../../words/resource";
import { endpointOf, inputsAmong, type Properties, withoutUndefined } from "../args/inputs";
import { parse, type Valid } from "../args/parse";
import { checkExisting, checkUnreachable } from "./check-existing";
import { checkNew } from "./check-new";
import { readRecord } from "./live";
import { type Found, refused } from "./outcome";
import { resolveVersion } from "./resolve";

/**
 * Says in preview, and again in `up`, everything that is wrong with the inputs, and every reason why the update that they
 * ask for is not allowed. It never throws for a user's mistake.
 *
 * @param olds the old INPUTS; empty for a new resource, and with `--replace`.
 */
export async function check(olds: Properties, news: Properties): Promise<CheckResult> {
	const { failures = [], inputs } = await examine(olds, news).catch((error: unknown): Found => {
		if (error instanceof ControlError) return refused("", controlErrorText(error));
		throw error;
	});
	const told = failures.map((failure) => withoutValue(failure, news));
	return { inputs: withoutUndefined({ ...inputsAmong(news), ...inputs }), failures: told };
}

/** Pulumi prints the value of a property that a failure names, and of an object all secrets in it, in clear. */
function withoutValue({ property, reason }: CheckFailure, news: Properties): CheckFailure {
	const isObject = typeof news[property] === "object" && news[property] !== null;
	return isObject ? { property: "", reason: `${property}: ${reason}` } : { property, reason };
}

async function examine(olds: Properties, news: Properties): Promise<Found> {
	const valid = parse(news);
	if (valid.problems !== undefined) return { failures: valid.problems };
	const before = formerly(olds, news, valid);
	const moved = movedFrom(before, valid);
	if (moved !== undefined) return moved;
	const { version, failure } = await resolveVersion(valid, before?.version);
	if (failure !== undefined) return { failures: [failure] };

	// In the place of `latest` stands the version that it means now, so that a newer one shows as a change.
	const digest = valid.place?.pin?.digest;
	const settled = {
		...(version !== undefined && { version: digest ? `${version}@${digest}` : version }),
		endpoint: endpointOf(valid),
	};
	const asked = { valid, before, version, olds, news: { ...inputsAmong(news), ...settled } };
	if (valid.place === undefined) return { inputs: settled };
	const record = await readRecord(valid.place);
	const { failures, inputs } = await (record.known
		? record.value === undefined
			? checkNew(asked, valid.place)
			: checkExisting(asked, valid.place, record.value)
		: checkUnreachable(asked, record.why));
	return { failures, inputs: { ...settled, ...inputs } };
}

/** The old inputs. An older or newer release may have written what this one can't read: then all is judged live. */
function formerly(olds: Properties, news: Properties, valid: Valid): Valid | undefined {
	const inputs = inputsAmong(olds);
	// Most often nothing changed: then it has been read already.
	if (isDeepStrictEqual(inputs, inputsAmong(news))) return valid;
	const before = parse(inputs);
	return before.problems === undefined ? before : undefined;
}

function movedFrom(before: Valid | undefined, { place }: Valid): Found | undefined {
	const old = before?.place;
	if (old === undefined || place === undefined || old.id === place.id) return undefined;
	const isRenamed = old.name !== place.name;
	const text = movedText(old.id, place.id, isRenamed ? old.name : undefined);
	return refused(isRenamed ? "name" : place.platform.name, text);
}
