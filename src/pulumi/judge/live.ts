import { ControlError } from "../../control/errors";
import { withHolds } from "../../control/holds";
import type { ClusterControl } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { ObservedCluster } from "../../core/cluster";
import { type Known, known, unknown } from "../../core/question";
import type { DbVersion } from "../../core/version";
import type { Place } from "../args/home";

/** A check asks one cluster twice: for its record, and where something changes for all of it. */
const controls = new WeakMap<Place, ClusterControl>();

function controlOf(place: Place): ClusterControl {
	const control = controls.get(place) ?? place.platform.control(place.name, place.settings, place.pin);
	controls.set(place, control);
	return control;
}

/** The cluster's own record; `undefined` on proof that there is none. */
export function readRecord(place: Place): Promise<Known<ClusterRecord | undefined>> {
	return attempt(() => controlOf(place).record());
}

/** The whole cluster as it is now; `undefined` on proof that there is none. */
export function readCluster(place: Place): Promise<Known<ObservedCluster | undefined>> {
	return attempt(async () => {
		const observed = await controlOf(place).observe();
		if (observed === undefined) return undefined;
		const { record: _, ...cluster } = observed;
		return cluster;
	});
}

/** A cluster that {@link readCluster} has just read, with what each replica holds. */
export function readHolds(place: Place, cluster: ObservedCluster): Promise<Known<ObservedCluster>> {
	return attempt(() => withHolds(controlOf(place), cluster));
}

/** What exactly a version is; unknown, with the platform's words, where there is no such thing. */
export async function artifactOf(place: Place | undefined, version: DbVersion): Promise<Known<string | undefined>> {
	return attempt(async () => place?.platform.artifact?.(place.settings, version, place.pin));
}

async function attempt<T>(read: () => Promise<T>): Promise<Known<T>> {
	try {
		return known(await read());
	} catch (error) {
		if (error instanceof ControlError) return unknown(error.message);
		throw error;
	}
}
