import { type CaveatNote, caveats } from "../core/caveats";
import type { ObservedCluster } from "../core/cluster";
import { plan } from "../core/plan";
import type { Known, Question, Release } from "../core/question";
import { decide } from "../core/rules";
import { parseVersion } from "../core/version";
import { caveatsInput } from "../words/caveats";
import { refusalText } from "../words/refusals";
import { isKnown, type Valid } from "./parse";
import type { Problem } from "./problem";

/** What the rules say of an update: why it is not allowed, or else what it does. */
export interface Judgement {
	readonly refusals: readonly Problem[];
	/** The input `caveats`; absent where there is nothing to do. */
	readonly caveats?: Record<string, Record<string, string>>;
}

/** Judges an update of an existing cluster by the rules. */
export function judge(
	valid: Valid,
	target: string,
	cluster: Known<ObservedCluster>,
	catalogue: Known<readonly Release[]>,
	notes: readonly CaveatNote[] = [],
): Judgement {
	const policy = isKnown(valid, "update") ? valid.args.update.policy : "any";
	const question: Question = { target, cluster, catalogue, policy };
	const refusals = decide(question).map((refusal) => ({ property: refusal.property, reason: refusalText(refusal) }));
	const version = parseVersion(target);
	if (refusals.length > 0 || version === undefined || !cluster.known) return { refusals };
	const said = [...notes];
	if (!catalogue.known) said.push({ note: "catalogue-unknown", why: catalogue.why });
	if (valid.unknown.length > 0) said.push({ note: "unknown-until-update", properties: valid.unknown });
	const planned = plan(cluster.value, version);
	if (planned.lanes.length === 0 && cluster.value.mark === undefined) return { refusals };
	return { refusals, caveats: caveatsInput(caveats(planned, cluster.value, said)) };
}
