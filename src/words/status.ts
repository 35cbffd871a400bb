import type { UpdateMark } from "../core/cluster";
import type { RuleName } from "../core/refusal";
import { scaledClause } from "./resource";
import { count, duration, list, oneLine, quoted, withFullStop } from "./text";

/** What is known of one cluster of a stack: the lines of `status`, and its JSON. Fields may be added. */
export interface ClusterStatus {
	/** The resource's name in its program. */
	readonly name: string;
	readonly project: string;
	/** As `--stack` takes it. */
	readonly stack: string;
	/** `<platform>:<place>/<name>`. */
	readonly id: string;
	readonly platform: string;
	/** What runs, oldest first; empty where nothing is known. More than one midway in an update. */
	readonly versions: readonly string[];
	/** The newest version of the catalogue; absent if unknown. */
	readonly latest?: string;
	/** `undefined`: not known. */
	readonly updateAvailable?: boolean;
	/** One of the states of a cluster; `Unknown` also where it can't be reached. */
	readonly state: string;
	readonly replicas: readonly {
		readonly name: string;
		readonly version?: string;
		/** Absent where only the state was read. */
		readonly serving?: boolean;
	}[];
	/** An update that is under way, or stopped midway. */
	readonly unfinished?: UpdateMark & {
		/** Who works on it just now; absent when nobody does. */
		readonly by?: string;
	};
	/** Somebody else asks for another number of replicas of a shard than the last `pulumi up`, which `wanted` is. */
	readonly scaled?: readonly { readonly where: string; readonly replicas?: number; readonly wanted: number }[];
	/** `live`: the cluster itself was asked. `recorded`: it is what Pulumi's state says. */
	readonly source: "live" | "recorded";
	/** Why the cluster could not be asked, or is not there. */
	readonly problem?: string;
	/** What there is to do; absent where that is nothing. */
	readonly next?: {
		/** What `version` is to be set to first; absent where the program says it already. */
		readonly version?: string;
		readonly command: string;
	};
	/** Why `next` would be refused now; absent if it would not, or if only the state was read. */
	readonly refusals?: readonly {
		readonly property: string;
		readonly reason: string;
		/** The rule that refuses. */
		readonly rule: RuleName;
	}[];
}

/** The headings of the table. The stack is named only where there are several. */
export function headings(several: boolean): string[] {
	return ["NAME", ...(several ? ["STACK"] : []), "PLATFORM", "VERSION", "LATEST", "UPDATE", "STATE", "SERVING"];
}

/** A cluster as a line of the table. */
export function row(it: ClusterStatus, several: boolean): string[] {
	const known = it.replicas.filter(({ serving }) => serving !== undefined);
	const serving = known.filter((replica) => replica.serving).length;
	return [
		it.name,
		...(several ? [it.stack] : []),
		it.platform,
		it.versions.join(", ") || "?",
		it.latest ?? "?",
		updateWord(it),
		it.state,
		known.length === 0 ? "?" : `${serving} of ${known.length}`,
	].map((cell) => oneLine(cell, 80));
}

function updateWord({ unfinished, updateAvailable }: ClusterStatus): string {
	if (unfinished !== undefined) return unfinished.by === undefined ? "unfinished" : "under way";
	if (updateAvailable === undefined) return "?";
	return updateAvailable ? "available" : "none";
}

/** What there is to know below the table: problems, what is unfinished, and the one command for each that can be updated. */
export function remarks(it: ClusterStatus): string[] {
	const { name, problem, unfinished, scaled = [], next, refusals } = it;
	const said: string[] = [];
	if (problem !== undefined) said.push(`${name}: ${withFullStop(oneLine(problem))}`);
	if (unfinished?.by !== undefined) {
		said.push(
			`${name}: ${transition(unfinished)} is under way, by ${oneLine(unfinished.by)}. To follow it, add --watch`,
		);
	} else if (unfinished !== undefined && next !== undefined) {
		said.push(
			`${name}: ${transition(unfinished)}, begun at ${unfinished.since}, stopped midway. To resume: ${next.command}`,
		);
	} else if (scaled.length > 0 && next !== undefined) {
		const sizes = scaled.map((each) => scaledClause(each, each.wanted));
		said.push(`${name}: ${list(sizes)}. To restore: ${next.command}`);
	} else if (next !== undefined && refusals === undefined) {
		said.push(`${name}: to update, set version to ${next.version}, then: ${next.command}`);
	}
	if (refusals !== undefined)
		said.push(`${name}: pulumi up would be refused now: ${refusals.map(({ reason }) => reason).join(" ")}`);
	return said;
}

/** Said where only the state was read. */
export const recordedText = "This is what the last pulumi up or refresh saw; the clusters themselves were not asked.";

function transition({ from, to, creates }: UpdateMark): string {
	if (creates) return `the creation with version ${to}`;
	return from === to ? `a change of settings or size at ${to}` : `the update ${from} -> ${to}`;
}

const ending = (to: string, creates?: true) => (creates ? `the creation with version ${to}` : `the update to ${to}`);

/** How far the update of a cluster is. */
export interface Progress {
	readonly cluster: string;
	readonly from: string;
	readonly to: string;
	/** It is being made. */
	readonly creates?: true;
	/** Replicas that serve what they are to serve. */
	readonly done: number;
	readonly of: number;
	readonly seconds: number;
}

/** @example progressBar(progress); // "analytics 1.7.1 -> 1.8.0 [##########----------] 1 of 2 done, 14 s" */
export function progressBar({ cluster, from, to, creates, done, of, seconds }: Progress): string {
	const wide = 20;
	const full = of === 0 ? wide : Math.round((done / of) * wide);
	const change = from !== to && !creates ? `${from} -> ${to}` : `${creates ? "creation" : "settings"} at ${to}`;
	return `${cluster} ${change} [${"#".repeat(full)}${"-".repeat(wide - full)}] ${done} of ${of} done, ${duration(seconds)}`;
}

/** What is seen of one replica while it is watched. */
export type Sighting =
	| {
			readonly replica: string;
			readonly serves: string | undefined;
			readonly done?: { readonly done: number; readonly of: number };
	  }
	| { readonly replica: string; readonly phase: string };

/** What a replica is in that was taken out and still runs queries. */
export const outText = "removed from the endpoints for clients";

export function sightingText(cluster: string, it: Sighting): string {
	if ("phase" in it) return `${cluster}: ${it.replica}: ${oneLine(it.phase)}`;
	const done = it.done === undefined ? "" : `; ${it.done.done} of ${it.done.of} done`;
	return `${cluster}: ${it.replica} serves ${it.serves ?? "an unknown version"}${done}`;
}

/** What `--watch` says of a cluster as a whole. */
export const watchTexts = {
	waiting: (clusters: readonly string[]) =>
		`No update of ${list(clusters)} is under way. Waiting for one; press Ctrl-C to stop.`,
	began: (cluster: string, mark: UpdateMark, by: string) =>
		`${cluster}: ${transition(mark)} is under way, by ${oneLine(by)}`,
	finished: (cluster: string, to: string) => `${cluster}: done, every replica serves ${to}`,
	ended: (cluster: string, to: string, creates?: true) =>
		`${cluster}: ${ending(to, creates)} has ended; whether it was completed is unknown. The list that follows shows what every replica runs`,
	stopped: (cluster: string, to: string, creates?: true) => `${cluster}: ${ending(to, creates)} stopped midway`,
	retrying: (cluster: string, words: string) => `${cluster}: retrying: ${oneLine(words)}`,
} as const;

/** Why the Pulumi CLI could not be asked, and the way out. */
export const pulumiProblems = {
	missing: () => "there is no pulumi on PATH. Install the Pulumi CLI, or put its folder on PATH.",
	folder: (folder: string) => `${folder} is not a folder, or can't be opened. Choose another folder with --cwd.`,
	noProject: (folder: string) =>
		`there is no Pulumi project in ${folder} or above it. Go to a folder with a Pulumi.yaml, or name such a folder with --cwd. Or name a stack in full (--stack organization/project/stack), or all stacks (--all).`,
	notLoggedIn: () => "Pulumi is not logged in to any backend. Run pulumi login, or set PULUMI_BACKEND_URL.",
	noStack: (stack: string | undefined) =>
		stack === undefined
			? "no stack is selected. Name a stack with --stack, or all stacks with --all."
			: `there is no stack ${oneLine(stack)} in this backend. Run pulumi stack ls --all to list all stacks.`,
	passphrase: () =>
		"the secrets of the stack can't be read: set PULUMI_CONFIG_PASSPHRASE, or use --recorded, which does not read them.",
	other: (words: string) => `pulumi says: ${withFullStop(oneLine(words))}`,
	unreadable: () => "the state that pulumi wrote can't be read. Update the Pulumi CLI or pulumi-dbcluster.",
} as const;

/** There is nothing to show. */
export function noClustersText(stacks: readonly string[]): string {
	if (stacks.length === 0) return "the backend holds no stacks yet. Run pulumi up first.";
	const where = stacks.length > 6 ? `any of ${count(stacks.length, "stack", "stacks")}` : list(stacks);
	return `there is no DbCluster in ${where}. Run pulumi up first, or name another stack with --stack.`;
}

/** Its folder is given relative to a program that is somewhere else. */
export function statusElsewhereText(directory: string): string {
	return `local.directory is the relative path ${quoted(directory)}, which starts from the folder of the Pulumi program. Run this command in that folder.`;
}
