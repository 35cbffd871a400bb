import type { Existing } from "../render/settings";
import type { Inspected } from "./inspect";

/** What a takeover does, by what it is about. */
export function takenOver(
	existing: Existing,
	{ sets, pods, undrained, replicates }: Inspected,
): Record<string, string> {
	const strategies = sets.map(({ metadata, spec }) => {
		const { type = "RollingUpdate" } = spec.updateStrategy ?? {};
		return `${metadata.name} gets labels${type === "OnDelete" ? "" : `, and OnDelete in the place of ${type}`}`;
	});
	const unprobed = sets.filter(({ spec }) =>
		spec.template.spec.containers.some((each) => each.name === existing.container && each.readinessProbe === undefined),
	);
	return {
		replicas: `${pods.map(({ metadata }) => metadata.name).join(", ")} go on; none restarts`,
		statefulSets: strategies.join("; "),
		services: `${existing.services.join(", ")}: one more label in the selector, which all replicas have by then`,
		...(unprobed.length > 0 && {
			readiness: `${unprobed.map(({ metadata }) => metadata.name).join(", ")} had no probe: pods get /ping with their next restart`,
		}),
		...(undrained.length > 0 && {
			undrained: `${undrained.join(", ")} also select these pods: their clients see each restart, unless existing.services names them`,
		}),
		...(replicates === false &&
			pods.length > 1 && { replication: "no table replicates: each replica answers with its own rows" }),
	};
}
