import { isAbsolute } from "node:path";
import { liveClaim } from "../control/claims";
import { ControlError, ifKnown } from "../control/errors";
import { withHolds } from "../control/holds";
import type { ClusterRecord } from "../control/record";
import type { ObservedCluster } from "../core/cluster";
import { known } from "../core/question";
import { compareVersions, type DbVersion, lowest, parseVersion } from "../core/version";
import { type Complete, complete } from "../pulumi/args/complete";
import { catalogueOf, latestKnown } from "../pulumi/judge/catalogue";
import { judge } from "../pulumi/judge/judge";
import { controlErrorText } from "../words/errors";
import { unrecordedText } from "../words/resource";
import { type ClusterStatus, statusElsewhereText } from "../words/status";
import type { RecordedCluster } from "./state";

/** What Pulumi's state says about a cluster. */
export function recordedStatus({ name, project, stack, id, outputs }: RecordedCluster): ClusterStatus {
	const replicas = (Array.isArray(outputs.replicaVersions) ? outputs.replicaVersions : []).flatMap((it) => {
		const { name: replica, version } = (it ?? {}) as { name?: unknown; version?: unknown };
		if (typeof replica !== "string") return [];
		return [{ name: replica, ...(typeof version === "string" && { version }) }];
	});
	const versions = inOrder([
		...replicas.map(({ version }) => version),
		...(replicas.length > 0 ? [] : [outputs.version]),
	]);
	const latest = parseVersion(outputs.latestVersion);
	return withNext({
		name,
		project,
		stack,
		id,
		platform: id.split(":")[0] ?? "",
		versions,
		...newer(versions, latest),
		state: typeof outputs.state === "string" ? outputs.state : "Unknown",
		replicas,
		source: "recorded",
	});
}

/** What the cluster itself says, completed from the state. Wakes nothing. */
export async function liveStatus(recorded: RecordedCluster, valid: Complete): Promise<ClusterStatus> {
	const before = recordedStatus(recorded);
	const { place } = valid;
	try {
		const control = place.platform.control(place.name, place.settings);
		const cluster = await control.observe();
		if (cluster?.record === undefined) return troubled(before, unrecordedText(place, cluster));
		const catalogue = await catalogueOf(valid);
		const status = seen(
			before,
			cluster,
			cluster.record,
			latestKnown(catalogue, lowest(cluster.replicas.flatMap(({ version }) => version ?? []))),
		);
		// What is unfinished is resumed; what is up to date, or only scaled, has no update to be refused.
		const target = status.next && (cluster.mark?.to ?? parseVersion(status.next.version));
		if (target === undefined) return status;
		const held = (await ifKnown(() => withHolds(control, cluster))) ?? cluster;
		const { refusals } = judge(valid, target, known(held), catalogue);
		return { ...status, ...(refusals.length > 0 && { refusals }) };
	} catch (error) {
		if (error instanceof ControlError) return troubled(before, controlErrorText(error));
		throw error;
	}
}

/** A cluster that can't be asked: the state's versions are history. */
export function troubled(known: ClusterStatus, problem: string): ClusterStatus {
	const { next, ...rest } = known;
	return { ...rest, state: "Unknown", problem };
}

/**
 * The settings of a cluster, read from its inputs.
 *
 * @param isHere Whether this process runs in the program's folder, which relative paths start from.
 * @throws a {@link ControlError}
 */
export function settingsOf(inputs: Readonly<Record<string, unknown>>, isHere: boolean): Complete {
	const { directory } = (inputs.local ?? {}) as { directory?: unknown };
	if (!isHere && typeof directory === "string" && !isAbsolute(directory) && !/^~(\/|$)/.test(directory)) {
		throw new ControlError(statusElsewhereText(directory));
	}
	return complete(inputs);
}

function seen(
	known: ClusterStatus,
	{ state, replicas, mark }: ObservedCluster,
	{ claim, scaled, replicas: wanted }: ClusterRecord,
	latest: DbVersion | undefined,
): ClusterStatus {
	const versions = inOrder(replicas.map(({ version }) => version));
	const by = liveClaim({ claim }, Date.now())?.holder;
	return withNext({
		...known,
		versions,
		...newer(versions, latest ?? parseVersion(known.latest)),
		state,
		replicas: replicas.map(({ name, version, serving }) => ({
			name,
			...(version !== undefined && { version }),
			serving,
		})),
		...(mark && { unfinished: { ...mark, ...(by !== undefined && { by }) } }),
		...(scaled && { scaled: scaled.map(({ generation: _, ...its }) => ({ ...its, wanted })) }),
		source: "live",
	});
}

function inOrder(versions: readonly unknown[]): DbVersion[] {
	const known = versions.map(parseVersion).filter((version) => version !== undefined);
	return [...new Set(known)].sort(compareVersions);
}

function newer(versions: readonly DbVersion[], latest: DbVersion | undefined) {
	const runs = lowest(versions);
	if (latest === undefined) return { latest, updateAvailable: undefined };
	return { latest, updateAvailable: runs === undefined ? undefined : compareVersions(latest, runs) > 0 };
}

function withNext(status: ClusterStatus): ClusterStatus {
	const { stack, unfinished, scaled, updateAvailable, latest } = status;
	const { next: _, ...rest } = status;
	const command = `pulumi up --stack ${stack}`;
	if (unfinished !== undefined) return unfinished.by === undefined ? { ...rest, next: { command } } : rest;
	if (scaled !== undefined) return { ...rest, next: { command } };
	return updateAvailable ? { ...rest, next: { version: latest, command } } : rest;
}
