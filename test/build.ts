import type { ObservedCluster, ObservedReplica, UpdateMark } from "../src/core/cluster";
import type { HeldTable } from "../src/core/holdings";
import { known, type Question, type Release, unknown } from "../src/core/question";
import type { Refusal, RuleName } from "../src/core/refusal";
import { decide, type rules } from "../src/core/rules";
import type { State } from "../src/core/state";
import { type DbVersion, parseVersion } from "../src/core/version";

/** A DB version, or an error for a test that made a mistake. */
export function v(text: string): DbVersion {
	const version = parseVersion(text);
	if (version === undefined) throw new Error(`${text} is not a DB version`);
	return version;
}

/** A mark of an update that began at a fixed time. */
export function mark(from: string, to: string): UpdateMark {
	return { from: v(from), to: v(to), since: "2026-11-23T10:00:00Z" };
}

/** The mark of a cluster that is still being made at a version. */
export function creation(at: string): UpdateMark {
	return { ...mark(at, at), creates: true };
}

export interface ClusterExtras {
	readonly state?: State;
	readonly mark?: UpdateMark;
	/** What differs from a healthy replica, by its place: `"0-1"` is ordinal 1 of shard 0. */
	readonly but?: Readonly<Record<string, Partial<ObservedReplica>>>;
}

const serves: readonly State[] = ["Started", "Updating", "Restoring", "Degraded"];

/**
 * A cluster named analytics in a line: versions of replicas by ordinal, shards divided by `/`, `?` where the version is
 * not known. Healthy and Started unless said otherwise.
 *
 * @example cluster("1.7.1 1.7.1 / 1.7.1", { state: "Stopped" });
 */
export function cluster(versions: string, { state = "Started", mark, but = {} }: ClusterExtras = {}): ObservedCluster {
	const serving = serves.includes(state);
	const replicas = versions.split("/").flatMap((texts, shard) =>
		texts
			.trim()
			.split(" ")
			.map((text, ordinal): ObservedReplica => {
				const version = text === "?" ? undefined : v(text);
				const healthy = { serving, readOnly: serving ? false : undefined, caughtUp: serving ? true : undefined };
				const name = `analytics-${shard}-${ordinal}`;
				return { name, shard, ordinal, version, openedBy: version, ...healthy, ...but[`${shard}-${ordinal}`] };
			}),
	);
	return { name: "analytics", state, replicas, ...(mark !== undefined && { mark }) };
}

/** Tables in a line: one that replicates by its path, `rows@/0/rows`, one that does not by its rows, `loc=5`, `?` where unknown; else a view. */
export function tables(text: string): HeldTable[] {
	return text.split(" ").flatMap((word) => {
		const [, full = "", sign, value] = /^([^@=]+)(?:([@=])(.*))?$/.exec(word) ?? [];
		if (full === "") return [];
		const [database, name] = /^\w+\./.test(full) ? (full.split(".") as [string, string]) : ["default", full];
		if (sign === "@") return [{ database, name, engine: "ReplicatedMergeTree", path: value }];
		if (sign === "=") return [{ database, name, engine: "MergeTree", rows: value === "?" ? null : Number(value) }];
		return [{ database, name, engine: "View" }];
	});
}

/** A catalogue in a line; what a version is built on follows an `@`. `releases("1.7.1@23.3 2.0.0@24.8")` */
export function releases(text: string): Release[] {
	return text
		.split(" ")
		.filter((release) => release !== "")
		.map((release) => {
			const [version = "", engine] = release.split("@");
			return { version: v(version), ...(engine !== undefined && { engine }) };
		});
}

/** A question about a cluster, whose catalogue holds the target alone and whose policy is `latest`, unless said otherwise. */
export function ask(observed: ObservedCluster, target: string, more: Partial<Question> = {}): Question {
	const itself = parseVersion(target);
	const catalogue = known(itself === undefined ? [] : [{ version: itself }]);
	return { target, cluster: known(observed), catalogue, policy: "latest", ...more };
}

/** The refusal of one rule, or `undefined` where it has nothing against the update. */
export function refusalOf<Name extends RuleName>(
	rule: Name,
	question: Question,
): Extract<Refusal, { readonly rule: Name }> | undefined {
	return decide(question).find(
		(refusal): refusal is Extract<Refusal, { readonly rule: Name }> => refusal.rule === rule,
	);
}

/** What a rule says of a question that it refuses, where the target is no version or the cluster can't be read. */
export function unread(rule: (typeof rules)[number], question: Question) {
	return {
		asked: decide(question, [rule]).length,
		noVersion: decide({ ...question, target: "latest!" }, [rule]),
		noCluster: decide({ ...question, cluster: unknown("no route to host") }, [rule]),
	};
}
