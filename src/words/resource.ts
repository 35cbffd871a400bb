import type { ClusterRecord, Scaled } from "../control/record";
import type { Window } from "../core/question";
import type { Release, Spelling } from "../core/release";
import type { DbVersion } from "../core/version";
import { count, list, moment, oneLine, ownerText, spellingText, withFullStop } from "./text";

/** A cluster of this name exists and belongs to another resource. */
export function strangerText(name: string, { owner }: Pick<ClusterRecord, "owner">): string {
	return `a cluster ${name} already exists and belongs to ${ownerText(owner)}. Set adopt to true to take it over, or set another name.`;
}

/** Existing objects are named, and `adopt` is not set. */
export function adoptText(name: string): string {
	return `${name} was not created by DbCluster. Set adopt to true to take it over.`;
}

/** Volumes that DbCluster did not create are not deleted. */
export const foreignDataText =
	'"Delete" would delete volumes that DbCluster did not create. Leave deletionPolicy out: for such volumes only "Retain" is accepted.';

/** Of a cluster that has another owner so far; `isOwn`: this resource under its former name. */
export function newOwnerText(from: string, to: string, isOwn: boolean): string {
	const rest = isOwn || from === "" ? "" : `; remove the former resource from its state with pulumi state delete`;
	return `changes from ${ownerText(from)} to ${ownerText(to)}${rest}`;
}

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
	"already exists: this create keeps the cluster and its data, and a delete of its former resource after the create does not delete the cluster";

/** After a destroy of existing StatefulSets. */
export function letGoText(name: string): string {
	return `${name}: the cluster was not created by DbCluster, so it keeps running with all its data; only the Pulumi resource was removed. To delete the cluster, use the tool that created it.`;
}

/**
 * The place or the name differs from where the cluster is.
 *
 * @param name the cluster's own, where that differs: after a resource was renamed, nothing in the program may say it.
 */
export function movedText(from: string, to: string, name?: string): string {
	const stay = name === undefined ? "Undo that change" : `Set name to "${name}" to keep this cluster`;
	return `the cluster is ${from} and can't become ${to}: its data would not move. ${stay}, or declare the new cluster as another resource and move the data.`;
}

/** @example scaledClause(scaled, 2); // "StatefulSet db-0 was scaled to 3 replicas outside Pulumi (declared: 2)" */
export function scaledClause({ where, replicas, generation }: Scaled, wanted: number): string {
	if (replicas === undefined)
		return `${where} was deleted outside Pulumi${generation === undefined ? "" : ` (after claim ${generation})`}`;
	const which = generation === undefined ? "" : `; its generation: ${generation}`;
	// A start or a stop of our own may have been cut short.
	if (replicas === 0) return `${where} has no replicas while others run (declared: ${wanted}${which})`;
	return `${where} was scaled to ${count(replicas, "replica", "replicas")} outside Pulumi (declared: ${wanted}${which})`;
}

/** Names one change of the size by somebody else, so that it is a change though no input may differ. */
export function scaledText(scaled: readonly Scaled[], { replicas }: Pick<ClusterRecord, "replicas">): string {
	return scaled.map((it) => scaledClause(it, replicas)).join("; ");
}

/** The state has a cluster that does not exist. */
export function goneText(id: string): string {
	return `there is no cluster ${id} any more. Run pulumi refresh to update Pulumi's state, then pulumi up to create it again.`;
}

/** The replicas are there, and nothing tells whose they are. */
export function recordLostText(id: string, name: string): string {
	return `the cluster ${id} exists, but its record, the ConfigMap ${name}-dbcluster, is missing. Restore that ConfigMap from a backup. If there is no backup and no other program manages the cluster, set adopt to true and run pulumi up, which writes a new record.`;
}

/** The input `unfinished` of such a cluster that gets a new record. */
export const recordLost = "its record is missing";

/** Of a cluster that has no record: whether it is gone. */
export function unrecordedText({ id, name }: { readonly id: string; readonly name: string }, seen: unknown): string {
	return seen === undefined ? goneText(id) : recordLostText(id, name);
}

/** The cluster is not found, on another server than before. */
export function elsewhereText(id: string): string {
	return `there is no cluster ${id} on this API server; it was on another API server before. Set kubeconfig and context back to that server. If the cluster no longer exists, remove it from the state with pulumi state delete.`;
}

/** The cluster is not found, on another machine than before, or for another user or program. */
export function otherMachineText(id: string): string {
	return `there is no cluster ${id} on this machine; it was on another machine, or in the folder of another user or project, before. Run Pulumi there. If the cluster no longer exists, remove it from the state with pulumi state delete.`;
}

/** It is unknown whether a new cluster's place is free. */
export function unreachableText(why: string): string {
	return `${withFullStop(oneLine(why))} So it is unknown whether the cluster exists already, and nothing is created. Fix this, then preview again.`;
}

/** A cluster of which something is to change can't be seen. */
export function unseenText(why: string): string {
	return `${withFullStop(oneLine(why))} So it is unknown whether this change of the cluster is allowed, and nothing is changed. Fix this, then preview again.`;
}

/** A version is written with a digest that can't be used. */
export function digestFlawText(flaw: "latest" | "malformed" | "no-image"): string {
	switch (flaw) {
		case "latest":
			return "latest can't have a digest: a digest is one image, and latest changes. Give a version, such as 1.8.0@sha256:..., or leave the digest out.";
		case "malformed":
			return "what follows @ is not a digest: it must be sha256: and 64 hexadecimal digits, as the registry shows for the version's tag.";
		case "no-image":
			return "a digest names an image, and this platform has no images. Leave the digest out.";
	}
}

/** A newer version exists that the program does not ask for. */
export function availableText(name: string, runs: DbVersion, latest: DbVersion): string {
	return `${name} runs ${runs}, and ${latest} is available. To update, set version to ${latest} and run pulumi up.`;
}

/** Newer versions exist, but not under tags that `image` matches. */
export function spelledOtherwiseText(name: string, spellings: readonly Spelling[]): string {
	return `${name}: newer versions exist. ${spellingText(spellings)}`;
}

/** About a change that has to keep to a maintenance window. */
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
	return `${name} can't be reached: ${withFullStop(oneLine(why))} This preview checks the state that the last pulumi up recorded; pulumi up checks the live cluster.`;
}

/** Of a change that only who may make it may try. */
export function untriedText(name: string, why: string): string {
	return `${name}: it was not tried whether the platform accepts this change: ${withFullStop(oneLine(why))} pulumi up needs that right, and tries the change before it changes anything.`;
}

/** Of a new cluster, which has no caveats. */
export function deprecatedText(name: string, version: DbVersion, { deprecated }: Pick<Release, "deprecated">): string {
	const why = typeof deprecated === "string" ? `: ${oneLine(deprecated)}` : "";
	return `${name}: ${withFullStop(`the catalogue marks ${version} as deprecated${why}`)}`;
}

/** Of a new cluster, which has no caveats. */
export function catalogueUnknownText(name: string, version: DbVersion, why: string): string {
	return `${name}: ${withFullStop(`it was not checked whether ${version} exists, because the catalogue can't be read: ${oneLine(why)}`)}`;
}

/** What the input `caveats` says while arguments are known only in the update, which judges then. */
export function notKnownYetCaveats(properties: readonly string[]): Record<string, Record<string, string>> {
	return {
		"not known yet": {
			unknown: `${list([...properties].sort())} ${properties.length === 1 ? "is" : "are"} not known yet; the update checks whether the change is allowed`,
		},
	};
}

/**
 * The input `unfinished` of a cluster of which somebody deleted objects.
 *
 * @param objects such as `Service db`
 */
export function deletedText(objects: readonly string[]): string {
	return `${deletedOutside}: ${list([...objects].sort(), 6)}`;
}
export const deletedOutside = "deleted outside Pulumi";

/** What to do after a creation that did not finish. */
export function createStoppedText(why: string): string {
	return `${withFullStop(why)} The creation is not finished, and what exists is kept: pulumi up resumes the creation, pulumi destroy deletes what exists.`;
}

/** After a destroy: the data is still there. */
export function keptText(name: string, id: string): string {
	return `${name}: the data is kept at ${id}. A DbCluster with the same stack, name and location uses the data again. In another stack, also set adopt: true. To delete the data too, set deletionPolicy to "Delete" and run pulumi up before pulumi destroy.`;
}

/** Arguments that a program made secret are a part of the resource's id. */
export function idShowsText(names: readonly string[]): string {
	const are = names.length === 1 ? "is a secret" : "are secrets";
	return `${list(names)} ${are}, but a part of the resource's id, which Pulumi stores and shows in plain text. If nobody may see the value, choose another one; otherwise remove the secret marking, for example with pulumi.unsecret.`;
}
