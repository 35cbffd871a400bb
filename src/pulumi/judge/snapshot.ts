import { abridged, type ObservedCluster } from "../../core/cluster";
import { states } from "../../core/state";
import { compareVersions, type DbVersion, highest, parseVersion } from "../../core/version";

/** What `judge: "recorded"` keeps in the inputs, since a check never sees the outputs. */
export interface Recorded {
	/** When it was seen, ISO 8601 in UTC. */
	readonly at: string;
	readonly cluster: ObservedCluster;
}

/**
 * Keeps what the rules look at. What troubles a replica is left out: it may quote anything; and what is true of other
 * clusters only now.
 */
export function record({ rivals, ...cluster }: ObservedCluster, at: Date): Recorded {
	return {
		at: at.toISOString(),
		cluster: abridged({ ...cluster, replicas: cluster.replicas.map(({ trouble, cause, ...rest }) => rest) }),
	};
}

/**
 * What the last check saw, brought up to what is known since: old inputs are kept only once their update is done, so
 * their version runs everywhere, and an update to it or to an older one is no longer under way.
 */
export function recall(recorded: unknown, version: string | undefined): Recorded | undefined {
	if (!isRecorded(recorded)) return undefined;
	const done = parseVersion(version);
	if (done === undefined) return recorded;
	const { mark, ...cluster } = recorded.cluster;
	const atLeast = (seen: DbVersion | undefined) => (seen === undefined ? undefined : highest([seen, done]));
	const replicas = cluster.replicas.map((replica) => ({
		...replica,
		version: atLeast(replica.version),
		openedBy: atLeast(replica.openedBy),
	}));
	const open = mark !== undefined && compareVersions(mark.to, done) > 0;
	return { at: recorded.at, cluster: { ...cluster, replicas, ...(open && { mark }) } };
}

/** State can be edited by hand. */
function isRecorded(value: unknown): value is Recorded {
	const { at, cluster } = (value ?? {}) as Partial<Recorded>;
	if (typeof at !== "string" || typeof cluster !== "object" || cluster === null) return false;
	const { name, state, replicas } = cluster;
	return typeof name === "string" && states.includes(state) && Array.isArray(replicas) && replicas.length > 0;
}
