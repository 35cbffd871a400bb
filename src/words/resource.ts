import type { ClusterRecord, Scaled } from "../control/record";
import type { Window } from "../core/question";
import type { Release, Spelling } from "../core/release";
import type { DbVersion } from "../core/version";
import { count, moment, oneLine, spellingText, withFullStop } from "./text";

/** A cluster of this name is there, and it is not this resource's. */
export function strangerText(name: string, { owner }: Pick<ClusterRecord, "owner">): string {
	const whose = owner === "" ? "no resource" : oneLine(owner, 200);
	return `a cluster ${name} already exists and belongs to ${whose}. Set adopt to true to take it over, or set name to another one.`;
}

/** What others made is named, and it is not said that it may be taken over. */
export function adoptText(name: string): string {
	return `${name} was not created by DbCluster. Set adopt to true to take it over.`;
}

/** Volumes that others made are not deleted. */
export const foreignDataText =
	'"Delete" would delete volumes that DbCluster did not create, and for those only "Retain" is accepted. Leave it out.';

/** What stands above the facts of a takeover in the input `caveats`, in the place of a transition. */
export const takeoverTitle = "taken over";

/** What the input `caveats` says of a takeover. */
export function takeoverCaveats(facts: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
	return {
		[takeoverTitle]: Object.fromEntries(Object.entries(facts).map(([about, fact]) => [about, oneLine(fact, 300)])),
	};
}

/** Of a cluster whose resource is new. A delete that comes before the create, with deleteBeforeReplace, is none of these. */
export const takenUpClause =
	"exists already: the create keeps it with its data, and a delete of its former resource after that deletes nothing";

/** After a destroy of what others made. */
export function letGoText(name: string): string {
	return `${name}: it was not created by DbCluster, so it keeps running with all its data; only the resource is gone. Delete it with the tool that created it.`;
}

/**
 * The place or the name differs from where the cluster is.
 *
 * @param name the cluster's own, where that differs: after a resource was renamed, nothing in the program may say it.
 */
export function movedText(from: string, to: string, name?: string): string {
	const stay = name === undefined ? "Leave it where it is" : `Set name to "${name}", which leaves it where it is`;
	return `the cluster is ${from}, and it can't become ${to}: no data would move with it. ${stay}, or declare the new one as another resource and move the data.`;
}

/** @example scaledClause(scaled, 2); // "StatefulSet db-0 asks for 3 replicas, not 2" */
export function scaledClause({ where, replicas }: Pick<Scaled, "where" | "replicas">, wanted: number): string {
	return `${where} asks for ${count(replicas, "replica", "replicas")}, not ${wanted}`;
}

/** Names one change of the size by somebody else, so that it is a change though no input may differ. */
export function scaledText(scaled: readonly Scaled[], { replicas }: Pick<ClusterRecord, "replicas">): string {
	return scaled.map((it) => `${scaledClause(it, replicas)} (generation ${it.generation})`).join("; ");
}

/** The state tells of a cluster that is not there. */
export function goneText(id: string): string {
	return `there is no cluster ${id} any more. Run pulumi refresh to update Pulumi's state, then pulumi up to create it again.`;
}

/** It is not there, on a server that is not the one that it was on. */
export function elsewhereText(id: string): string {
	return `there is no cluster ${id} on this API server, and it was on another one. Set kubeconfig and context back to that one. If the cluster is gone for good, remove it from the state with pulumi state delete.`;
}

/** It can't be told whether a new cluster's place is free. */
export function unreachableText(why: string): string {
	return `could not find out whether the cluster already exists: ${withFullStop(oneLine(why))} Make sure that it can be reached from this machine, then preview again.`;
}

/** A version is written with a digest that can't be kept to. */
export function digestFlawText(flaw: "latest" | "malformed" | "no-image"): string {
	switch (flaw) {
		case "latest":
			return "latest changes, and a digest is one image. Give the version, such as 1.8.0@sha256:..., or leave the digest out.";
		case "malformed":
			return "what follows @ is not a digest: it must be sha256: and 64 hexadecimal digits, as the registry shows for the version's tag.";
		case "no-image":
			return "a digest names an image, and there are none here. Leave it out.";
	}
}

/** A newer version is there, and nobody has asked for it yet. */
export function availableText(name: string, runs: DbVersion, latest: DbVersion): string {
	return `${name} runs ${runs}, and ${latest} is available. To update, set version to ${latest} and run pulumi up.`;
}

/** Newer versions are there, and not under the tags of the image. */
export function spelledOtherwiseText(name: string, spellings: readonly Spelling[]): string {
	return `${name}: newer versions exist. ${spellingText(spellings)}`;
}

/** Of a change that is held to a maintenance window. */
export function windowText(name: string, { open, until, timeZone }: Window): string {
	const when = `the maintenance window of ${name} is ${open ? "open" : "closed"} until ${moment(until, timeZone)}`;
	return open ? `${when}: a pulumi up before then is allowed.` : `${when}. A pulumi up before then is refused.`;
}

/** Of an update of a cluster that is Idle now. */
export function wakesText(name: string): string {
	return `${name} is Idle: the update wakes it first.`;
}

/** `judge: "recorded"`, and the cluster can't be reached. */
export function recordedOnlyText(name: string, why: string): string {
	return `${name} can't be reached, so this preview checks what the last pulumi up recorded: ${withFullStop(oneLine(why))}`;
}

/** Of a new cluster, which has no caveats. */
export function deprecatedText(name: string, version: DbVersion, { deprecated }: Pick<Release, "deprecated">): string {
	const why = typeof deprecated === "string" ? `: ${oneLine(deprecated)}` : "";
	return `${name}: ${withFullStop(`the catalogue marks ${version} as deprecated${why}`)}`;
}

/** Of a new cluster, which has no caveats. */
export function catalogueUnknownText(name: string, version: DbVersion, why: string): string {
	return `${name}: ${withFullStop(`the catalogue can't be read, so whether ${version} exists was not checked: ${oneLine(why)}`)}`;
}

/** What the input `caveats` says while the version itself is known only in the update. */
export function versionUnknownCaveats(properties: readonly string[]): Record<string, Record<string, string>> {
	return {
		"not known yet": {
			unknown: `${[...properties].sort().join(", ")}; the update checks whether it is allowed`,
		},
	};
}

/** What to do after a create that did not get to the end. */
export function createStoppedText(why: string): string {
	return `${withFullStop(why)} The creation is not finished, and what exists is kept: pulumi up resumes it, pulumi destroy removes it.`;
}

/** After a destroy: the data is still there. */
export function keptText(name: string, id: string): string {
	return `${name}: the data is kept at ${id}; a DbCluster of the same stack, name and place finds it again. To delete it too, set deletionPolicy to "Delete" and run pulumi up before the destroy.`;
}
