import type { ReadResult } from "@pulumi/pulumi/dynamic";
import { ifKnown } from "../../control/errors";
import { withHolds } from "../../control/holds";
import type { ClusterControl } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { ObservedCluster } from "../../core/cluster";
import { sameVersion } from "../../core/version";
import { untaken } from "../../words/import";
import { deletedText } from "../../words/resource";
import { complete } from "../args/complete";
import { endpointOf, inputsAmong, type Properties, withoutUndefined } from "../args/inputs";
import { messageOf, OneLineError } from "../host/failure";
import { missingOf } from "../judge/facts";
import { record } from "../judge/snapshot";
import { isUntaken, mustBeSameServer, outputsOf, runningVersion } from "./outputs";

/**
 * Reads a cluster again, for `pulumi refresh`. Reports it gone, by an empty id, only on proof: a cluster that can't be
 * reached is an error, because Pulumi would create another cluster in place of one that it takes for gone.
 *
 * @param props the old outputs, the old inputs among them.
 */
export async function read(id: string, props: Properties): Promise<ReadResult> {
	const inputs = inputsAmong(props);
	try {
		const valid = complete(inputs);
		const { place, args } = valid;
		const control = place.platform.control(place.name, place.settings);
		const observed = await control.observe();
		if (observed === undefined) {
			mustBeSameServer(place, props);
			// Imported, and nothing of it was changed yet: it has no record that could be gone.
			if (isUntaken(place, props)) return { id, inputs: { ...inputs, unfinished: untaken }, props };
			return { id: "", props: {} };
		}
		const { record: itsRecord, ...cluster } = observed;
		const version = runningVersion(cluster) ?? valid.version;
		const refreshed = {
			version,
			endpoint: endpointOf(valid),
			...desired(inputs, cluster),
			...sizeOf(inputs, itsRecord),
		};
		const written = sameVersion(version, valid.version) ? props.written : undefined;
		const deleted = await missingOf(control);
		const kept = args.update.judge === "recorded" ? { recorded: await recordedOf(control, cluster, props) } : {};
		return {
			id,
			inputs: withoutUndefined({
				...inputs,
				...refreshed,
				...kept,
				written,
				// So that there is something to do for the next pulumi up, which makes it again.
				...(deleted.length > 0 && { unfinished: deletedText(deleted) }),
			}),
			props: withoutUndefined({
				...props,
				...refreshed,
				...kept,
				// That of an earlier deletion may be word for word the same, and then the next one would be no change.
				unfinished: deleted.length > 0 ? undefined : props.unfinished,
				previousVersion: sameVersion(version, valid.version) ? props.previousVersion : valid.version,
				...(await outputsOf(valid, cluster, version)),
			}),
		};
	} catch (error) {
		throw new OneLineError(messageOf(error));
	}
}

/** What a later preview goes by: replicas that can't be asked hold what was recorded of them last. */
async function recordedOf(control: ClusterControl, cluster: ObservedCluster, { recorded }: Properties) {
	return record((await ifKnown(() => withHolds(control, cluster))) ?? cluster, recorded);
}

/** The size that it has or is asked to have by somebody else; where no program ever gave one, only the latter. */
function sizeOf({ replicas }: Properties, record: ClusterRecord | undefined): Properties {
	const scaled = record?.scaled?.find(({ replicas }) => replicas)?.replicas;
	const asked = scaled ?? (replicas === undefined ? undefined : record?.replicas);
	return asked === undefined ? {} : { replicas: asked };
}

/** Where the program says Started or Stopped, what the cluster is in comes back as if it were asked for: so drift shows. */
function desired({ desiredState }: Properties, { state }: ObservedCluster): Properties {
	if (desiredState === undefined) return {};
	if (state === "Stopped") return { desiredState: state };
	return state === "Started" || state === "Idle" ? { desiredState: "Started" } : {};
}
