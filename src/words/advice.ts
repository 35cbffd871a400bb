import type { Cause } from "../core/cluster";
import { compareVersions, type DbVersion } from "../core/version";
import type { RollStop, WaitStop } from "../roll/events";
import { attachAgain, list } from "./text";

/** Where something went wrong. */
export interface At {
	/** Absent if it is the cluster as a whole. */
	readonly replica?: string;
	/** The change in progress; absent if the cluster only waited for a state. */
	readonly change?: RollStop["change"];
	/** The target version. */
	readonly to?: DbVersion;
	/** The replicas that do not serve, if known. */
	readonly down?: readonly string[];
	/** What a version is on the platform. Default `image`. */
	readonly build?: Build;
}

/** What a version is: an image, or an engine that a process loads. */
export type Build = "image" | "engine";

export const buildOf = (platform: { readonly engines?: true } | undefined): Build =>
	platform?.engines ? "engine" : "image";

/** Causes with a text of their own: no advice about a single replica fits them. */
type Other =
	| "interrupted"
	| "not-safe"
	| "data-missing"
	| "volatile"
	| "worse"
	| "stopped-serving"
	| "claim-lost"
	| "record-lost"
	| "platform";
export type Simple = Exclude<RollStop["cause"] | WaitStop["cause"], { kind: Other }>;

/**
 * What to do about a cause before `pulumi up` is run again, as a clause that another one follows.
 *
 * @example advice("memory", {}); // "raise the memory limit of the replica (kubernetes.resources, or ...)"
 */
export function advice(cause: Cause, at: At): string {
	return byCause[cause](at);
}

const pod = ({ replica }: At) => replica ?? "<pod>";

const who = ({ replica }: At) => replica ?? "the replica";

const describing = (at: At) => ` (kubectl describe pod ${pod(at)} shows more)`;

const byCause: { readonly [Each in Cause]: (at: At) => string } = {
	image: (at) => {
		const there = `make sure that the image of ${at.to ?? who(at)} exists in its registry, and that the nodes can pull the image`;
		if (at.change === "creation") return `${there}, or set another version`;
		return at.change === "version" ? `${there}, or set a later version` : there;
	},
	exits: (at) => mend(at) ?? `look at ${log(at).where} and fix what ${log(at).reports}`,
	memory: (at) =>
		`raise the memory limit of ${who(at)} (kubernetes.resources, or the pod template of an existing StatefulSet)`,
	configuration: () => "create the missing object, such as a Secret or a ConfigMap, or fix the setting that names it",
	quota: () => "raise that quota or limit, or lower kubernetes.resources or kubernetes.storage to fit it",
	admission: (at) => `allow the pod of ${who(at)} in that policy, or change the settings that the policy forbids`,
	scheduling: (at) =>
		`free capacity on a node that ${who(at)} may run on, lower kubernetes.resources, or change nodeSelector, tolerations or affinity`,
	volume: (at) => `check the volume of ${who(at)}${describing(at)}`,
	node: (at) =>
		`make sure that the node of ${who(at)} is off, then delete the Node, or force-delete the pod (kubectl delete pod ${pod(at)} --force)`,
	network: (at) => `check the network of the node of ${who(at)}: there may be no free IP addresses${describing(at)}`,
	container: (at) =>
		`check that container (kubectl logs ${pod(at)} --container <its name>); it is not the database server`,
	keeper: () => "make sure that Keeper runs and that the pods can reach it at the hosts of kubernetes.keeper",
	replication: (at) =>
		`find out why ${who(at)} does not catch up (run SELECT last_exception FROM system.replication_queue on ${pod(at)})`,
	emptied: (at) =>
		`find out what happened to the volume of ${who(at)}, and restore its tables: ${attachAgain("for each", "another replica", pod(at))}. Replicated rows are then fetched automatically`,
	scaled: (at) => `scale the StatefulSet of ${who(at)} back to the declared number of replicas (kubectl scale)`,
	version: () => "set version to the highest version that any replica of the cluster ever ran, or to a later version",
	data: (at) =>
		`set desiredState to "Stopped" and run pulumi up; replace the folder of ${who(at)} with a copy of the folder of a healthy replica; set desiredState back`,
	port: () => "free that port, or set local.port to another port",
	refused: () => "fix what that message reports",
};

/**
 * What to do after an update or a wait stopped at a single replica or its shard.
 *
 * @example wayOut({ kind: "resized", object: "StatefulSet db-0", replicas: 1, of: 2 }, {});
 * // "scale StatefulSet db-0 back (kubectl scale StatefulSet db-0 --replicas=2)"
 */
export function wayOut(cause: Simple, at: At): string {
	switch (cause.kind) {
		case "failed":
			return advice(cause.cause, at);
		case "stalled":
			return cause.cause === undefined ? noProgress(at) : advice(cause.cause, at);
		case "resized":
			return cause.replicas === undefined
				? `create ${cause.object} again if it is one of kubernetes.existing (DbCluster recreates its own StatefulSets)`
				: `scale ${cause.object} back (kubectl scale ${cause.object} --replicas=${cause.of})`;
		case "wrong-version":
			return later(at, cause.runs) ?? advice("exits", at);
		case "version-set": {
			const set = later(at, cause.version);
			const back = `set ${cause.object} back to its former image`;
			return set === undefined ? back : `${set}, or ${back}`;
		}
	}
}

/** The fault may be in the image itself, which only the vendor can fix. */
export function isUpToTheVendor(cause: Simple, { change, to }: At): boolean {
	if (change !== "version" && change !== "creation") return false;
	if (cause.kind === "wrong-version") return later({ to }, cause.runs) === undefined;
	return cause.kind === "failed" && cause.cause === "exits";
}

function noProgress(at: At): string {
	return `look at ${log(at).where}; if ${at.replica ?? "the cluster"} only needs more time, raise update.stallSeconds; otherwise ${mend(at) ?? `fix what ${log(at).reports}`}`;
}

/** Fix what was changed. */
function mend({ change, to, build = "image" }: At): string | undefined {
	if (change === "version") return `fix the ${build} of ${to}, or set a later version`;
	if (change === "creation") return `fix the settings, fix the ${build} of ${to}, or set a later version`;
	return change === "settings" ? "fix the settings that were changed, or revert them" : undefined;
}

function log({ replica, down = [] }: At): { readonly where: string; readonly reports: string } {
	if (replica !== undefined) return { where: `the log of ${replica}`, reports: "the log reports" };
	const names = down.length === 0 ? "" : ` (${list(down)})`;
	return { where: `the logs of the replicas that do not serve${names}`, reports: "the logs report" };
}

/** A DB version never goes back. */
function later({ to }: At, runs: DbVersion | undefined): string | undefined {
	if (runs === undefined || (to !== undefined && compareVersions(runs, to) <= 0)) return undefined;
	return `set version to ${runs} or later`;
}
