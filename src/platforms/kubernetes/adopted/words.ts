import { dropsClaims } from "../change/volumes";
import type { Existing } from "../render/settings-schema";
import type { Inspected } from "./inspect";

/** What a takeover does, by topic. */
export function takenOver(
	existing: Existing,
	{ sets, pods, undrained, replicates }: Inspected,
): Record<string, string> {
	const strategies = sets.map(({ metadata, spec }) => {
		const { type = "RollingUpdate" } = spec.updateStrategy ?? {};
		return `${metadata.name} gets labels${type === "OnDelete" ? "" : `, and the update strategy OnDelete instead of ${type}`}`;
	});
	const unprobed = sets.filter(({ spec }) =>
		spec.template.spec.containers.some((each) => each.name === existing.container && each.readinessProbe === undefined),
	);
	const dropping = sets.filter((set) => dropsClaims(set, "whenScaled")).map(({ metadata }) => metadata.name);
	return {
		replicas: `${pods.map(({ metadata }) => metadata.name).join(", ")} keep running; none restarts`,
		statefulSets: strategies.join("; "),
		services: `${existing.services.join(", ")}: the selector gets one more label, once all replicas have that label`,
		...(unprobed.length > 0 && {
			readiness: `${unprobed.map(({ metadata }) => metadata.name).join(", ")} has no readiness probe: pods get one for /ping with their next restart`,
		}),
		...(undrained.length > 0 && {
			undrained: `${undrained.join(", ")} also select these pods: clients of these Services see each restart, unless you add them to existing.services`,
		}),
		...(dropping.length > 0 && {
			volumes: `Kubernetes deletes the volume claims of replicas of ${dropping.join(", ")} that are scaled away: desiredState "Stopped" is refused until persistentVolumeClaimRetentionPolicy.whenScaled is Retain`,
		}),
		...(replicates === false &&
			pods.length > 1 && { replication: "no table replicates: each replica returns only its own rows" }),
	};
}
