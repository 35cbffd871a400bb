import { ControlError } from "../../control/errors";
import type { ClusterSpec } from "../../control/port";
import { highest } from "../../core/version";
import { mustHaveOneShard } from "./must";
import { allFolders, type LocalCluster, replicaFolders } from "./record";
import type { LocalSettings } from "./settings";

/** What engines there are, and what binds them. */
export type EngineChoice = Pick<LocalCluster, "engines" | "addon">;

/** With no replica drained. */
export function undrained({ wanted }: LocalCluster): LocalCluster["wanted"] {
	return Object.fromEntries(Object.entries(wanted).map(([folder, { version, run }]) => [folder, { version, run }]));
}

/** With the replicas that are to join; those start with what the others were last told to run. */
export function withJoining(cluster: LocalCluster, spec: ClusterSpec<LocalSettings>): LocalCluster {
	mustHaveOneShard(spec);
	const known = allFolders(cluster);
	if (spec.replicas < known.length)
		throw new ControlError(
			`${cluster.name} has ${known.length} replicas, and is not made smaller before they have left.`,
		);
	const version = highest(Object.values(cluster.wanted).map((replica) => replica.version));
	const joining = replicaFolders(spec.replicas).slice(known.length);
	const wanted = Object.fromEntries(joining.map((folder) => [folder, { version: version ?? spec.version, run: 1 }]));
	return { ...cluster, wanted: { ...cluster.wanted, ...wanted } };
}

/** The engines of the program as it is now go before those that the record has from earlier. */
export function merged(cluster: LocalCluster, { engines, addon }: EngineChoice): EngineChoice {
	return { engines: { ...cluster.engines, ...engines }, addon };
}

/** A cluster that is being made. */
export function freshCluster(
	spec: ClusterSpec<LocalSettings>,
	port: number,
	{ engines, addon }: EngineChoice,
): LocalCluster {
	const { name, owner, generation, shards, replicas, version, settings } = spec;
	return {
		name,
		owner,
		generation,
		shards,
		replicas,
		mark: { from: version, to: version, since: new Date().toISOString(), creates: true },
		desired: "Started",
		port,
		idleAfterSeconds: settings.idleAfterSeconds,
		engines,
		addon,
		wanted: Object.fromEntries(replicaFolders(replicas).map((folder) => [folder, { version, run: 1 }])),
	};
}
