import { ControlError } from "../control/errors";
import type { ClusterRecord } from "../control/record";
import type { ObservedCluster } from "../core/cluster";
import { type Known, known, unknown } from "../core/question";
import type { DbVersion } from "../core/version";
import type { Place } from "./place";

/** The cluster's own record; `undefined` on proof that there is none. */
export function readRecord({ platform, settings, name }: Place): Promise<Known<ClusterRecord | undefined>> {
	return attempt(() => platform.control(name, settings).record());
}

/** The whole cluster as it is now; `undefined` on proof that there is none. */
export function readCluster({ platform, settings, name }: Place): Promise<Known<ObservedCluster | undefined>> {
	return attempt(() => platform.control(name, settings).observe());
}

/** What exactly a version is; unknown, with the platform's words, where there is no such thing. */
export async function artifactOf(place: Place | undefined, version: DbVersion): Promise<Known<string | undefined>> {
	return attempt(async () => place?.platform.artifact?.(place.settings, version));
}

async function attempt<T>(read: () => Promise<T>): Promise<Known<T>> {
	try {
		return known(await read());
	} catch (error) {
		if (error instanceof ControlError) return unknown(error.message);
		throw error;
	}
}
