import type { Cause } from "../core/cluster";
import { compareVersions, type DbVersion } from "../core/version";
import type { RollStop, WaitStop } from "../roll/events";

/** Where it is that something went wrong. */
export interface At {
	/** Absent where it is the cluster as a whole. */
	readonly replica?: string;
	/** What was under way; absent where it was only waited. */
	readonly change?: RollStop["change"];
	/** The version that replicas were taken to. */
	readonly to?: DbVersion;
}

/** What has a text of its own: it is no way out for one replica. */
type Other = "not-safe" | "data-missing" | "volatile" | "claim-lost" | "platform";
export type Simple = Exclude<RollStop["cause"] | WaitStop["cause"], { kind: Other }>;

/**
 * What to do about a cause before `pulumi up` is run again, as a clause that another one follows.
 *
 * @example advice("memory", {}); // "raise the memory limit of its server (kubernetes.resources, or ...)"
 */
export function advice(cause: Cause, at: At): string {
	return byCause[cause](at);
}

const pod = ({ replica }: At) => replica ?? "<pod>";

const describing = (at: At) => ` (kubectl describe pod ${pod(at)} shows more)`;

const byCause: { readonly [Each in Cause]: (at: At) => string } = {
	image: ({ change, to }) => {
		const there = "make sure that its image or engine exists and can be pulled";
		if (change === "creation") return `${there}, or set another version`;
		return change === "version" ? `${there}, or set a version later than ${to}` : there;
	},
	exits: (at) => mend(at) ?? `look at ${log(at)} and fix what it reports`,
	memory: () =>
		"raise the memory limit of its server (kubernetes.resources, or in an existing StatefulSet, its template)",
	configuration: () => "create the missing object, such as a Secret or a ConfigMap, or fix the setting that names it",
	quota: () => "raise that quota or limit, or lower kubernetes.resources or kubernetes.storage to fit it",
	admission: () => "let that policy admit its pod, or change the settings that it forbids",
	scheduling: () =>
		"free capacity on a node where it may run, lower kubernetes.resources, or change nodeSelector, tolerations or affinity",
	volume: (at) => `check its volume${describing(at)}`,
	node: (at) =>
		`make sure that its node is off, then delete that Node or the pod (kubectl delete pod ${pod(at)} --force)`,
	network: (at) => `check the network of its node, which may have no free addresses${describing(at)}`,
	container: (at) => `check that container, which is not the server's (kubectl logs ${pod(at)} --container <its name>)`,
	keeper: () => "make sure that Keeper runs and that the pods can reach it at the hosts of kubernetes.keeper",
	replication: (at) =>
		`find out why it does not catch up (SELECT last_exception FROM system.replication_queue on ${pod(at)})`,
	emptied: (at) =>
		`find out what happened to its volume, and restore its tables: take SHOW CREATE TABLE of each from another replica and run it on ${pod(at)} with ATTACH in place of CREATE; replicated rows then follow by themselves`,
	scaled: () => "scale it back (kubectl scale)",
	version: () => "set version to the one that opened its data, or to a later one",
	data: () =>
		'set desiredState to "Stopped" and run pulumi up, replace its folder with a copy of the folder of a healthy replica, then set it back',
	port: () => "free that port, or set local.port to another",
	refused: () => "follow that message",
};

/**
 * What to do about the end of a roll or of a wait that a single replica or its shard is at.
 *
 * @example wayOut({ kind: "resized", object: "StatefulSet db-0", replicas: 1, of: 2 }, {});
 * // "scale it back (kubectl scale StatefulSet db-0 --replicas=2)"
 */
export function wayOut(cause: Simple, at: At): string {
	switch (cause.kind) {
		case "failed":
			return advice(cause.cause, at);
		case "stalled":
			return cause.cause === undefined ? noProgress(at) : advice(cause.cause, at);
		case "resized":
			return cause.replicas === undefined
				? "recreate it if it was not created by DbCluster (what DbCluster created, it recreates itself)"
				: `scale it back (kubectl scale ${cause.object} --replicas=${cause.of})`;
		case "wrong-version":
			return later(at, cause.runs) ?? advice("exits", at);
		case "version-set": {
			const set = later(at, cause.version);
			return set === undefined ? "set that image back" : `${set}, or set that image back`;
		}
	}
}

/** It may be up to the image itself, so that nobody here can mend it. */
export function isUpToTheVendor(cause: Simple, { change, to }: At): boolean {
	if (change !== "version" && change !== "creation") return false;
	if (cause.kind === "wrong-version") return later({ to }, cause.runs) === undefined;
	return cause.kind === "failed" && cause.cause === "exits";
}

function noProgress(at: At): string {
	return `look at ${log(at)}; if it only needs longer, raise update.stallSeconds; otherwise ${mend(at) ?? "fix what it reports"}`;
}

/** What was changed is what is to be mended. */
function mend({ change, to }: At): string | undefined {
	if (change === "version") return `fix the image or engine of ${to}, or set a later version`;
	if (change === "creation") return `fix the image or engine of ${to} or the settings, or set a later version`;
	return change === "settings" ? "fix the settings that were changed, or revert them" : undefined;
}

const log = ({ replica }: At) => (replica === undefined ? "the cluster's log" : `the log of ${replica}`);

/** A DB version never goes back. */
function later({ to }: At, runs: DbVersion | undefined): string | undefined {
	if (runs === undefined || (to !== undefined && compareVersions(runs, to) <= 0)) return undefined;
	return `set version to ${runs} or later`;
}
