import type { ClusterRecord } from "../control/record";
import { resizedText } from "../words/resource";
import type { Valid } from "./parse";
import type { Problem } from "./problem";

/**
 * Whether a cluster that exists is this resource's, or may become it. After `pulumi stack rename` the old inputs or
 * outputs carry the former owner, and so does the cluster.
 */
export function mayOwn({ owner }: ClusterRecord, { args }: Valid, formerOwner: unknown): boolean {
	return args.adopt || owner === args.owner || (typeof formerOwner === "string" && owner === formerOwner);
}

/** Why it can't be of the size that is asked for. */
export function resizes(record: ClusterRecord, valid: Valid): Problem[] {
	return (["shards", "replicas"] as const)
		.filter((property) => valid.args[property] !== record[property] && !valid.unknown.includes(property))
		.map((property) => ({ property, reason: resizedText(property, valid.args[property], record[property]) }));
}
