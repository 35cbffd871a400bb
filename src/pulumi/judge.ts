import { type CaveatNote, caveats } from "../core/caveats";
import { type ObservedCluster, type Reshaping, reshaped } from "../core/cluster";
import { plan } from "../core/plan";
import type { Known, Question, Release } from "../core/question";
import type { RuleName } from "../core/refusal";
import { decide } from "../core/rules";
import { type DbVersion, parseVersion } from "../core/version";
import { caveatsInput } from "../words/caveats";
import { refusalText } from "../words/refusals";
import { isKnown, type Valid } from "./parse";
import type { Problem } from "./problem";
import { asItIs } from "./reshape";

/** What the rules say of an update: why it is not allowed, or else what it does. */
export interface Judgement {
	readonly refusals: readonly (Problem & { readonly rule: RuleName })[];
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
	reshaping?: Reshaping,
): Judgement {
	const policy = isKnown(valid, "update") ? valid.args.update.policy : "any";
	const question: Question = { target, cluster, catalogue, policy };
	const refusals = decide(question).map((refusal) => {
		const { rule, property } = refusal;
		return { rule, property, reason: refusalText(refusal) };
	});
	const version = parseVersion(target);
	if (refusals.length > 0 || version === undefined || !cluster.known) return { refusals };
	const said = [...notes];
	if (!catalogue.known) said.push({ note: "catalogue-unknown", why: catalogue.why });
	return { refusals, caveats: foresee(valid, version, cluster.value, said, reshaping) };
}

/** The input `caveats` of what is to be done to a cluster, also where no rule has a say; absent where that is nothing. */
export function foresee(
	valid: Valid,
	version: DbVersion,
	before: ObservedCluster,
	notes: readonly CaveatNote[],
	reshaping: Reshaping = asItIs,
): Judgement["caveats"] {
	const cluster = reshaped(before, reshaping);
	const planned = plan(cluster, version);
	const resizes = reshaping.joins.length > 0 || reshaping.leaves.length > 0;
	if (planned.lanes.length === 0 && cluster.mark === undefined && !resizes) return undefined;
	const said = [...notes];
	const restarts = planned.start !== "Stopped" && planned.lanes.length > 0;
	if (restarts && valid.place?.platform.resetsConnections) said.push({ note: "connections-reset" });
	if (valid.unknown.length > 0) said.push({ note: "unknown-until-update", properties: valid.unknown });
	return caveatsInput(caveats(planned, cluster, said, reshaping));
}
