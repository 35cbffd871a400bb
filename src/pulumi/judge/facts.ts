import { withHolds } from "../../control/holds";
import type { Assessment } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { ObservedCluster } from "../../core/cluster";
import { type Known, known, type Release } from "../../core/question";
import type { DbVersion } from "../../core/version";
import type { Valid } from "../args/parse";
import { attempt } from "./attempt";
import { catalogueOf } from "./catalogue";
import { sizeOf } from "./size";

/**
 * What there is outside the arguments: each is asked for when it is first needed, and once. What can't be had is unknown,
 * with the platform's words.
 */
export interface Facts {
	/** The cluster's own record; `undefined` on proof that there is none. Costs nothing where {@link cluster} was asked. */
	record(): Promise<Known<ClusterRecord | undefined>>;
	/** The whole cluster as it is now; `undefined` on proof that there is none. */
	cluster(): Promise<Known<ObservedCluster | undefined>>;
	/** The same, with what each replica holds. */
	holdings(): Promise<Known<ObservedCluster | undefined>>;
	/** Which versions exist. */
	catalogue(): Promise<Known<readonly Release[]>>;
	/** What exactly a version is; unknown where there is no such thing. */
	artifact(version: DbVersion): Promise<Known<string | undefined>>;
	/** What the settings and the size that are asked for would come to. Throws where that can't be told. */
	assessment(version: DbVersion, record: ClusterRecord): Promise<Assessment>;
}

/** Only its catalogue may be asked for while it is not known where the cluster lives. */
export function factsOf(valid: Valid, before?: string): Facts {
	const { place } = valid;
	const control = once(() => {
		if (place === undefined) throw new Error("there is nothing to ask yet");
		return place.platform.control(place.name, place.settings, place.pin);
	});
	let observes = false;
	const observation = once(() => {
		observes = true;
		return attempt(async () => control().observe());
	});
	const cluster = once(async () => {
		const seen = await observation();
		if (!seen.known || seen.value === undefined) return seen;
		// It may get into the state, where a claim of long ago has no place.
		const { record: _, ...rest } = seen.value;
		return known(rest);
	});
	return {
		record: once(async () => {
			if (!observes) return attempt(async () => control().record());
			const seen = await observation();
			return seen.known ? known(seen.value?.record) : seen;
		}),
		cluster,
		holdings: once(async () => {
			const seen = await cluster();
			if (!seen.known || seen.value === undefined) return seen;
			const { value } = seen;
			return attempt(() => withHolds(control(), value));
		}),
		catalogue: once(() => catalogueOf(valid, before)),
		artifact: (version) => attempt(async () => place?.platform.artifact?.(place.settings, version, place.pin)),
		async assessment(version, record) {
			const { owner, update } = valid.args;
			const { name = "", settings } = place ?? {};
			const { localTables } = update;
			return control().assess({ name, owner, version, ...sizeOf(valid, record), settings, localTables });
		},
	};
}

function once<T>(ask: () => T): () => T {
	let answer: { readonly value: T } | undefined;
	return () => {
		answer ??= { value: ask() };
		return answer.value;
	};
}
