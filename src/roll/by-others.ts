import type { ReplicaView } from "../control/port";
import { compareVersions, type DbVersion, sameVersion } from "../core/version";
import type { RollStop, WaitStop } from "./events";
import { type Ground, StepStopped } from "./ground";

type Resized = Extract<WaitStop["cause"], { kind: "resized" }>;

/**
 * Makes sure that the size or version of a replica's shard was not changed outside Pulumi during the rollout: the
 * rollout stops immediately and touches nothing more.
 *
 * @param restarted This rollout has restarted it, so it has to start the target.
 * @throws {@link StepStopped}; ClaimLost if another process has taken over.
 */
export async function unchanged({ keeper, given, to }: Ground, view: ReplicaView, restarted = false): Promise<void> {
	const { name, shard } = view.replica;
	const why =
		given && (resized(view) ?? (given.has(shard) ? versionSet(view, to) : undefined) ?? astray(view, to, restarted));
	if (why === undefined) return;
	await keeper.renew("now");
	throw new StepStopped(why, name);
}

/** Its shard was given another size than the cluster's. */
export function resized({ asked }: ReplicaView): Resized | undefined {
	if (asked === undefined || asked.replicas === asked.of) return undefined;
	const { object, replicas, of } = asked;
	return { kind: "resized", object, of, ...(replicas !== undefined && { replicas }) };
}

function versionSet({ asked }: ReplicaView, to: DbVersion): RollStop["cause"] | undefined {
	if (asked?.image === undefined || sameVersion(asked.version, to)) return undefined;
	const { object, image, version } = asked;
	return { kind: "version-set", object, image, ...(version !== undefined && { version }) };
}

/**
 * One that never started may have been asked for a later version by an update that is being reverted. One whose data a
 * later version has opened since this rollout began was started outside Pulumi.
 */
function astray({ replica, starting }: ReplicaView, to: DbVersion, restarted: boolean): RollStop["cause"] | undefined {
	const { version, openedBy, serving } = replica;
	if (restarted && starting !== undefined && !sameVersion(starting, to))
		return { kind: "wrong-version", runs: starting };
	if (openedBy !== undefined && compareVersions(openedBy, to) > 0) return { kind: "wrong-version", runs: openedBy };
	const later = version !== undefined && compareVersions(version, to) > 0;
	return later && (serving || restarted) ? { kind: "wrong-version", runs: version } : undefined;
}
