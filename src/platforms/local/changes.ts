import { ControlError } from "../../control/errors";
import type { ClusterSpec } from "../../control/port";
import { highest } from "../../core/version";
import { mustHaveOneShard } from "./must";
import { allFolders, type EngineChoice, type LocalCluster, replicaFolders } from "./record";
import type { LocalSettings } from "./settings";

export function undrained(cluster: LocalCluster): LocalCluster {
	const wanted = Object.entries(cluster.wanted).map(([folder, { version, run }]) => [folder, { version, run }]);
	return { ...cluster, wanted: Object.fromEntries(wanted) };
}

/** With the replicas that are to join; those start with what the others were last told to run. */
export function withJoining(cluster: LocalCluster, spec: ClusterSpec<LocalSettings>): LocalCluster {
	mustHaveOneShard(spec);
	const known = allFolders(cluster);
	if (spec.replicas < known.length)
		throw new ControlError(
			`${cluster.name} still has ${known.length} replicas: remove the last of them before replicas becomes ${spec.replicas}.`,
		);
	const version = highest(Object.values(cluster.wanted).map((replica) => replica.version));
	const joining = replicaFolders(spec.replicas).slice(known.length);
	const wanted = Object.fromEntries(joining.map((folder) => [folder, { version: version ?? spec.version, run: 1 }]));
	return { ...cluster, wanted: { ...cluster.wanted, ...wanted } };
}

/** The engines of the program as it is now go before those that the record has from earlier. */
export function withEngines(cluster: LocalCluster, { engines, addon }: EngineChoice): LocalCluster {
	return { ...cluster, engines: { ...cluster.engines, ...engines }, addon };
}

export function freshCluster(spec: ClusterSpec<LocalSettings>, port: number, choice: EngineChoice): LocalCluster {
	const { name, owner, generation, shards, replicas, version, settings } = spec;
	return {
		...{ name, owner, generation, shards, replicas, port, ...choice },
		mark: { from: version, to: version, since: new Date().toISOString(), creates: true },
		desired: "Started",
		idleAfterSeconds: settings.idleAfterSeconds,
		wanted: Object.fromEntries(replicaFolders(replicas).map((folder) => [folder, { version, run: 1 }])),
	};
}
