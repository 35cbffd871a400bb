import type { Told } from "../core/layout";
import type { Refusal, RuleName } from "../core/refusal";
import { parseVersion, sameVersion } from "../core/version";
import type { Instead } from "../core/ways";
import { advice } from "./advice";
import { unrehearsedText } from "./rehearsal";
import { attachAgain, count, list, moment, oneLine, problems, quoted, spellingText, withFullStop } from "./text";

type RefusalOf<Name extends RuleName> = Extract<Refusal, { readonly rule: Name }>;

const accepted = `three or four numbers separated by dots, such as 1.8.0 or 0.9.2.0, or "latest"`;
const support = "contact the vendor's support";
const again =
	"set version to the one that runs, and run pulumi refresh, then pulumi up, which makes again what somebody deleted";
const supportHelps = "The vendor's support can help.";

/**
 * One readable block that names the value, the reason and a way out. Pulumi writes the resource, the property and the
 * value before it.
 *
 * @example refusalText(refusal);
 * // "1.7.1 is older than 1.8.0, which the cluster runs, and a DB version never goes back. Set version to 1.8.0 or later."
 */
export function refusalText(refusal: Refusal): string {
	// The table pairs each rule with words for its own facts; a union of pairs is more than the compiler can follow.
	return (texts[refusal.rule] as (refusal: Refusal) => string)(refusal);
}

/**
 * A refusal as Pulumi prints it: with the name of its rule, for programs that read it.
 *
 * @example withRule({ rule: "no-downgrade", reason: "1.7.1 is older than ..." }); // "1.7.1 is older than ... [no-downgrade]"
 */
export function withRule({ rule, reason }: Ruled): string {
	return rule === undefined ? reason : `${reason} [${rule}]`;
}

/** Takes apart again what {@link withRule} made. */
export function readRule(text: string): Ruled {
	const { reason, rule } = /^(?<reason>.*) \[(?<rule>[a-z-]+)\]$/s.exec(text)?.groups ?? {};
	return reason !== undefined && rule !== undefined && isRule(rule) ? { rule, reason } : { reason: text };
}

/** A reason, and the rule that it comes from, if it is one of a rule. */
interface Ruled {
	readonly rule?: RuleName;
	readonly reason: string;
}

const isRule = (name: string): name is RuleName => Object.hasOwn(texts, name);

const texts: { readonly [Name in RuleName]: (refusal: RefusalOf<Name>) => string } = {
	"version-format": (refusal) => {
		if (refusal.flaw === "latest-unknown") {
			if (refusal.elsewhere !== undefined)
				return `"latest" can't be resolved: no version tag in the registry fits the argument "image". ${spellingText(refusal.elsewhere)}`;
			const [why, wayOut] =
				refusal.why === undefined
					? ["the catalogue is empty", "check the argument versions"]
					: [`the catalogue can't be read: ${oneLine(refusal.why)}`, "preview again when the catalogue can be read"];
			return `"latest" can't be resolved, because ${withFullStop(why)} Set version to a number, such as 1.8.0, or ${wayOut}.`;
		}
		const meant = refusal.meant === undefined ? "" : ` Did you mean ${refusal.meant}?`;
		return `${quoted(refusal.target)} is not a DB version: ${flaw(refusal)}.${meant} Set version to ${accepted}.`;
	},

	"no-downgrade": ({ target, highest, byDataOnly, instead, stopped }) => {
		const wayOut =
			instead === undefined ? `Set version to ${highest} or later` : setting({ instead, stopped }, highest);
		return `${target} is older than ${highest}, which ${byDataOnly ? "has opened the cluster's data" : "the cluster runs"}, and a DB version never goes back. ${wayOut}.`;
	},

	"minimum-version": ({ target, replica, running, minimum }) =>
		`${replica} runs ${running}, and in-place updates are supported from ${minimum} on. Create a new cluster with version ${target} and move the data: export each table to local disk (SELECT * FROM table INTO OUTFILE 'table.parquet' FORMAT Parquet), or to S3 (INSERT INTO FUNCTION s3('https://bucket/table.parquet', 'key', 'secret', 'Parquet') SELECT * FROM table), and insert it into the new cluster. ${supportHelps}`,

	"eligible-state": (refusal) => {
		// The one rule that speaks though the target may be anything.
		const target = parseVersion(refusal.target) ?? quoted(refusal.target);
		if ("unreadable" in refusal) {
			return `the cluster can't be read: ${withFullStop(oneLine(refusal.unreadable))} No update to ${target} is allowed while the running version is unknown. Make sure that the cluster can be reached from this machine, then preview again.`;
		}
		const { state, troubles } = refusal;
		const replicas = troubles.map(({ replica, trouble }) =>
			trouble === undefined ? `${replica} does not serve` : `${replica}: ${oneLine(trouble, 200)}`,
		);
		const details = replicas.length === 0 ? "" : ` (${list(replicas, 3)})`;
		const transient = state !== "Degraded" && state !== "Unknown";
		// What ends by itself says in its last words what is to be mended.
		const known = troubles.find(({ cause }) => cause !== undefined && cause !== "exits");
		const first = known?.cause === undefined ? "Repair the cluster first" : sentence(advice(known.cause, known));
		const wayOut = transient
			? `Preview again once it has reached one of these states. If it never does, ${state === "Starting" ? again : support}.`
			: `${first}, then preview again. If it can't be repaired, ${support}.`;
		return `the cluster is ${state}${details}; an update to ${target} can start only from Started, Stopped or Idle. ${wayOut}`;
	},

	"unfinished-update": ({ target, unfinished, from, since, creates, instead, stopped }) => {
		const wayOut =
			instead === undefined
				? `Set version to ${unfinished} to resume, or to a later version. If neither version starts, ${support}.`
				: `${setting({ instead, stopped })}. ${supportHelps}`;
		const what = creates ? `the creation with version ${unfinished}` : `the update from ${from} to ${unfinished}`;
		return `${what}, begun at ${since}, stopped midway. ${target} is older than ${unfinished}, and data that ${unfinished} has opened can't go back to an older version. ${wayOut}`;
	},

	"known-version": ({ target, empty, instead, stopped, elsewhere }) => {
		if (elsewhere !== undefined) {
			const wayOut = instead.length === 0 ? "" : ` ${setting({ instead, stopped })}.`;
			return `${target} is not a known version.${wayOut} ${spellingText(elsewhere)}`;
		}
		if (empty)
			return `${target} is not a known version: the catalogue is empty. Check the argument versions, or add ${target} to it.`;
		const orAdd = `if ${target} exists, add ${target} to versions`;
		if (stopped || instead.length === 0)
			return `${target} is not a known version. ${setting({ instead, stopped })}. Or, ${orAdd}.`;
		return `${target} is not a known version; the newest that can be set ${instead.length === 1 ? "is" : "are"} ${list(instead)}. Set version to ${instead.length === 1 ? "it" : "one of these"}. Or, ${orAdd}.`;
	},

	"blocked-version": ({ target, reason, unfinished, instead, stopped }) => {
		const why = reason === undefined ? "" : `: ${oneLine(reason)}`;
		const midway = unfinished
			? ` The update to ${target} stopped midway, and the remaining replicas must not get this version.`
			: "";
		const lift = "if the block is wrong, remove the block from the catalogue";
		const wayOut =
			instead.length === 0
				? `No known later version can be set: wait for a newer version. Or, ${lift}. ${supportHelps}`
				: `${setting({ instead, stopped })}${unfinished ? " to resume" : ""}. Or, ${lift}.`;
		return `${withFullStop(`${target} is blocked in the catalogue${why}`)}${midway} ${wayOut}`;
	},

	"latest-only": ({ target, latest, instead, stopped }) => {
		const isOpen = !stopped && sameVersion(instead[0], latest);
		const wayOut = isOpen
			? `Set version to ${latest} or "latest"`
			: `${setting({ instead, stopped }, latest)}${stopped || instead.length === 0 ? "" : `, a step on the way to ${latest}`}`;
		return `${target} is neither the latest version, ${latest}, nor a step on the way to it, and update.policy "latest" allows no other update. ${wayOut}. Or set update.policy to "any"${instead.length === 0 ? ", which may allow other versions" : " to choose the version yourself"}.`;
	},

	"upgrade-path": ({ target, replica, running, runningEngine, targetEngine, steppingStones, instead, ...more }) => {
		const { runningLike, targetLike, stopped } = more;
		const orStopped = stopped ? ` Or update the cluster while it is stopped: ${whileStopped(target)}.` : "";
		const wayOut =
			steppingStones.length === 0
				? `${setting({ instead, stopped })}.`
				: `Set version to ${[...steppingStones, target].join(", then to ")}, with a pulumi up after each.${orStopped}`;
		const taken = [...(targetLike ? [target] : []), ...(runningLike ? [running] : [])];
		const orList = ` If the ClickHouse version that is assumed for ${list(taken)} is wrong, set the engine of ${list(taken)} in versions.`;
		return `${replica} runs ${built(running, runningEngine, runningLike)}, and ${built(target, targetEngine, targetLike)} must not run beside ${running}: their ClickHouse versions are a year or more and at least two LTS releases apart. ${wayOut}${taken.length === 0 ? "" : orList}`;
	},

	"last-healthy-replica": ({ target, replica, others }) => {
		const reasons = others.map(({ replica: other, problem, trouble }) => {
			return `${other} ${problems[problem]}${trouble === undefined ? "" : ` (${oneLine(trouble, 200)})`}`;
		});
		return `the update to ${target} would start with ${replica}, and no other replica of its shard could serve meanwhile: ${list(reasons, 3)}. Preview again once another replica serves and has caught up. If none does, ${support}.`;
	},

	layout: ({ target, declared, shards, pair, apart, evidence }) =>
		`the servers report another layout than the declared one, so no replica is restarted for ${target}. Declared: ${shape(declared)}. Reported: ${shape(shards)}. ${says(evidence, pair, apart)}, so ${list(pair)} are ${apart ? "not copies of each other" : "copies of each other"}. ${choices([...mend(evidence, pair, apart), `if the reported layout is right, declare a new DbCluster ${toDeclare(shards) === undefined ? "whose shards all have the same number of replicas" : `with ${toDeclare(shards)}`} and move the rows there`])} Then preview again.`,

	"last-copy": ({ target, tables, count: all, unasked }) => {
		const [first] = tables;
		if (first === undefined) {
			const silent = list(unasked, 3);
			return `no replica is restarted for ${target} while it is unknown which tables ${silent} ${unasked.length === 1 ? "holds" : "hold"}. Make sure that ${silent} can be queried, then preview again.`;
		}
		const clauses = tables.map(({ table, on, lack }) =>
			on.some((replica) => lack.includes(replica))
				? `${oneLine(table, 100)} has a different engine or path in Keeper on each of ${list(on, 3)}`
				: `${list(lack, 3)} ${lack.length === 1 ? "lacks" : "lack"} ${oneLine(table, 100)}, which ${list(on, 3)} ${on.length === 1 ? "holds" : "hold"}`,
		);
		if (all > tables.length) clauses.push(count(all - tables.length, "more table differs", "more tables differ"));
		if (unasked.length > 0)
			clauses.push(
				`which tables ${list(unasked, 3)} ${unasked.length === 1 ? "holds" : "hold"} is unknown, because ${unasked.length === 1 ? "it" : "they"} can't be queried`,
			);
		const create = first.on.includes(first.lack[0] ?? "")
			? "Drop the table on each replica where its engine or path is wrong, then create it there"
			: `Create ${all === 1 ? "the missing table" : "each missing table"}`;
		const lacks = first.lack.find((replica) => replica !== first.on[0]) ?? "";
		const wayOut = `${create}: ${attachAgain(oneLine(first.table, 100), first.on[0] ?? "", lacks)}. Replicated rows are then fetched automatically. Or drop ${all === 1 ? `${oneLine(first.table, 100)} if it is` : "the tables that are"} not needed. If the replicas differ on purpose, add ${all === 1 ? "the table" : "the tables"} to update.localTables. Then preview again.`;
		return `no replica is restarted for ${target} while replicas of a shard hold different tables: ${clauses.join("; ")}. ${wayOut}`;
	},

	"persistent-data": ({ target, replicas }) => {
		const names = list(
			replicas.map(({ replica }) => replica),
			3,
		);
		const why = [...new Set(replicas.map((each) => oneLine(each.volatile, 200)))];
		return `${names} would lose data when ${replicas.length === 1 ? "its pod is" : "their pods are"} replaced: ${list(why, 3)}. Copy the tables to a cluster whose data is on volume claims, such as a new DbCluster with version ${target}, and use the new cluster instead.`;
	},

	"shared-tables": ({ target, cluster, mark: { from, to, since }, path, replica }) =>
		`the cluster '${oneLine(cluster, 60)}' holds copies of the same tables (${oneLine(replica, 60)}, under ${oneLine(path, 100)} in Keeper), and its update from ${from} to ${to}, begun at ${since}, is not finished. That update and one to ${target} together might stop the last copies. Finish the update of '${oneLine(cluster, 60)}' first (pulumi up), then preview again.`,

	rehearsal: ({ target, unrehearsed }) => unrehearsedText(target, unrehearsed),

	"maintenance-window": ({ target, opens, timeZone }) =>
		`the maintenance window is closed until ${moment(opens, timeZone)}, and no update to ${target} starts before that. Run pulumi up again then. In an emergency, set update.ignoreWindow to true.`,
};

/** A version with its engine, unless that says the same. */
function built(version: string, engine: string, like: string | undefined): string {
	if (engine === version) return version;
	const on = `built on ClickHouse ${oneLine(engine, 40)}`;
	return `${version} (${like === undefined ? on : `assumed to be ${on}, like ${like}`})`;
}

/** What to do with the versions that pass, as a clause; `named`: one that a reader would try if none does. */
function setting({ instead: [first, ...more], stopped }: Instead, named?: string): string {
	const none = "No version in the catalogue can be set now";
	if (first === undefined)
		return named === undefined
			? `${none}: wait for a newer version`
			: `${none}, not even ${named}: wait for a newer version, or set version to ${named} and preview again to see why it is refused`;
	if (stopped)
		return `Set version to ${first}, which is allowed only while the cluster is stopped: ${whileStopped(first)}`;
	return `Set version to ${[first, ...more].join(", or to ")}`;
}

const whileStopped = (version: string) =>
	`set desiredState to "Stopped" and run pulumi up; set version to ${version} and run pulumi up; set desiredState to "Started" and run pulumi up`;

/** @example shape([["db-0"], ["db-1"]]); // "2 shards of 1 replica (shards: 2, replicas: 1): db-0; db-1" */
function shape(shards: readonly (readonly string[])[]): string {
	const names = shards.map((replicas) => list(replicas, 4));
	const shown = names.length > 6 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
	const how = toDeclare(shards);
	const sizes = how === undefined ? "different sizes" : count(shards[0]?.length ?? 0, "replica", "replicas");
	return `${count(shards.length, "shard", "shards")} of ${sizes}${how === undefined ? "" : ` (${how})`}: ${shown.join("; ")}`;
}

/** The arguments that declare these shards; `undefined` if they differ in size, which no arguments declare. */
function toDeclare(shards: readonly (readonly string[])[]): string | undefined {
	const [size, ...others] = new Set(shards.map(({ length }) => length));
	return others.length === 0 ? `shards: ${shards.length}, replicas: ${size}` : undefined;
}

/** @example choices(["do this", "do that"]); // "Choose one: (1) do this; (2) do that." */
const choices = (ways: readonly string[]) =>
	`Choose one: ${ways.map((way, index) => `(${index + 1}) ${way}`).join("; ")}.`;

function says(evidence: Told["evidence"], [a, b]: Told["pair"], apart: boolean): string {
	switch (evidence.by) {
		case "paths": {
			const [one, other] = evidence.paths.map((path) => oneLine(path, 100));
			const table = oneLine(evidence.table, 100);
			return one === other
				? `The table ${table} has the path ${one} in Keeper on both ${a} and ${b}`
				: `The table ${table} has the path ${one} in Keeper on ${a}, and ${other} on ${b}`;
		}
		case "macro": {
			const [one, other] = evidence.values.map(quoted);
			return one === other
				? `The macro shard is ${one} on both ${a} and ${b}`
				: `The macro shard is ${one} on ${a}, and ${other} on ${b}`;
		}
		default:
			return `The cluster ${quoted(evidence.cluster)} in system.clusters has ${a} and ${b} in ${apart ? "different shards" : "one shard"}`;
	}
}

/** What to do if the servers are wrong. */
function mend(evidence: Told["evidence"], pair: Told["pair"], apart: boolean): string[] {
	switch (evidence.by) {
		case "paths": {
			const table = oneLine(evidence.table, 100);
			const recreate = "copy the rows away, drop the table, and create it again";
			return apart
				? [
						`if both should have the same rows in ${table}, ${recreate} on both with the same path, such as '/clickhouse/{shard}/${table}'`,
						`if each should have its own rows, add ${table} to update.localTables`,
					]
				: [`if each shard should have its own rows in ${table}, ${recreate} with {shard} in its path`];
		}
		case "macro":
			return [`if ${list(pair)} should ${apart ? "be copies" : "each have their own rows"}, correct the macro shard`];
		default:
			return ["if system.clusters is wrong, fix remote_servers in the servers' configuration"];
	}
}

const sentence = (clause: string) => `${clause.charAt(0).toUpperCase()}${clause.slice(1)}`;

function flaw({ flaw, target }: RefusalOf<"version-format">): string {
	switch (flaw) {
		case "empty":
			return "it is empty";
		case "blanks":
			return "it has spaces or line breaks around it";
		case "prefix":
			return "it begins with a v";
		case "suffix":
			return "it has other characters than digits and dots";
		case "leading-zero":
			return "a number in it begins with 0";
		case "parts":
			return `it has ${count(target.split(".").length, "number", "numbers")}, not three or four`;
		case "too-long":
			return "a number in it has more than nine digits";
		default:
			return "it is not numbers separated by dots";
	}
}
