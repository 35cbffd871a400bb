import type { ReplicaView } from "../../src/control/port";
import {
	asRecord,
	type ClaimRecord,
	type ClusterRecord,
	type HeldDigest,
	type UpdateSettings,
} from "../../src/control/record";
import type { UpdateMark } from "../../src/core/cluster";
import type { State } from "../../src/core/state";
import type { Unit } from "./unit";

export interface Cluster {
	owner: string;
	generation: string;
	shards: number;
	replicas: number;
	/** As JSON. */
	settings: string;
	update?: UpdateSettings | undefined;
	mode: "running" | "stopped" | "idle";
	mark?: UpdateMark;
	held?: Readonly<Record<string, HeldDigest>>;
	units: Unit[];
}

export function recordOf(cluster: Cluster, claim: ClaimRecord | undefined): ClusterRecord {
	const openedBy = cluster.units.flatMap((unit) =>
		unit.openedBy === undefined ? [] : [[unit.name, unit.openedBy] as const],
	);
	return asRecord({ ...cluster, claim, openedBy: Object.fromEntries(openedBy) });
}

export function stateOf({ mode, mark }: Cluster, views: readonly ReplicaView[]): State {
	if (mode === "stopped") return "Stopped";
	if (mode === "idle") return "Idle";
	if (views.some(({ failure }) => failure !== undefined)) return "Degraded";
	if (mark !== undefined && !mark.creates) return "Updating";
	return views.every(({ replica }) => replica.serving) ? "Started" : "Starting";
}
