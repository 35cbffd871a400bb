import type { Assessment } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { DbVersion } from "../../core/version";
import type { Place } from "../args/home";
import { isKnown, type Valid } from "../args/parse";

/** The size that is asked for; of what is not known yet, the one that the cluster has. */
export function sizeOf(valid: Valid, record: ClusterRecord): Pick<ClusterRecord, "shards" | "replicas"> {
	const of = (property: "shards" | "replicas") => (isKnown(valid, property) ? valid.args[property] : record[property]);
	return { shards: of("shards"), replicas: of("replicas") };
}

/** What the settings and the size that are asked for would come to, by the live cluster. */
export function assess(valid: Valid, place: Place, version: DbVersion, record: ClusterRecord): Promise<Assessment> {
	const { platform, name, settings, pin } = place;
	const spec = {
		name,
		owner: valid.args.owner,
		version,
		...sizeOf(valid, record),
		settings,
		localTables: valid.args.update.localTables,
	};
	return platform.control(name, settings, pin).assess(spec);
}
