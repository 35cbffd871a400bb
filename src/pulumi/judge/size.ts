import type { ClusterRecord } from "../../control/record";
import { isKnown, type Valid } from "../args/parse";

/** The size that is asked for; of what is not known yet, the one that the cluster has. */
export function sizeOf(valid: Valid, record: ClusterRecord): Pick<ClusterRecord, "shards" | "replicas"> {
	const of = (property: "shards" | "replicas") => (isKnown(valid, property) ? valid.args[property] : record[property]);
	return { shards: of("shards"), replicas: of("replicas") };
}
