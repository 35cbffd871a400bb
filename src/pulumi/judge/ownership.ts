import type { ClusterRecord } from "../../control/record";
import type { Valid } from "../args/parse";

/**
 * Whether a cluster that exists is this resource's, or may become it. After `pulumi stack rename` the old inputs or
 * outputs carry the former owner, and so does the cluster.
 */
export function mayOwn({ owner }: ClusterRecord, { args }: Valid, formerOwner: unknown): boolean {
	return args.adopt || owner === args.owner || (typeof formerOwner === "string" && owner === formerOwner);
}
