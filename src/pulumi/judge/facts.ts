import { attempt, ifKnown } from "../../control/errors";
import { withHolds } from "../../control/holds";
import type { Assessment, ClusterControl } from "../../control/port";
import type { ClusterRecord } from "../../control/record";
import type { ObservedCluster } from "../../core/cluster";
import { type Known, known } from "../../core/question";
import type { Rehearsal } from "../../core/rehearsal";
import type { DbVersion } from "../../core/version";
import { isKnown, type Valid } from "../args/parse";
import { catalogueOf } from "./catalogue";

/**
 * What there is outside the arguments: each is asked for when it is first needed, and once. What can't be had is unknown,
 * with the platform's words. Only the catalogue may be asked for while it is not known where the cluster lives.
 */
export type Facts = ReturnType<typeof factsOf>;

/**
 * @param before The version that the cluster had so far, if it is known.
 * @param age Milliseconds that the record may be old where it is asked for alone.
 */
export function factsOf(valid: Valid, before?: string, age?: number) {
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
	const cluster = once(async (): Promise<Known<ObservedCluster | undefined>> => {
		const seen = await observation();
		if (!seen.known || seen.value === undefined) return seen;
		// It may get into the state, where a claim of long ago has no place.
		const { record: _, ...rest } = seen.value;
		return known(rest);
	});
	return {
		/** The cluster's own record; `undefined` on proof that there is none. Costs nothing where `cluster` was asked. */
		record: once(async (): Promise<Known<ClusterRecord | undefined>> => {
			if (!observes) return attempt(async () => control().record(age));
			const seen = await observation();
			return seen.known ? known(seen.value?.record) : seen;
		}),
		/** The whole cluster as it is now; `undefined` on proof that there is none. */
		cluster,
		/** The same, with what each replica holds. */
		holdings: once(async () => {
			const seen = await cluster();
			if (!seen.known || seen.value === undefined) return seen;
			const { value } = seen;
			return attempt(() => withHolds(control(), value));
		}),
		missing: () => missingOf(control()),
		catalogue: once(() => catalogueOf(valid, before)),
		/** What exactly a version is; unknown where there is no such thing. */
		artifact: (version: DbVersion) =>
			attempt(async () => place?.platform.artifact?.(place.settings, version, place.pin)),
		/** The last rehearsal, of any version; `undefined` where there can be none. */
		async rehearsed(): Promise<{ readonly last?: Rehearsal } | undefined> {
			if (place === undefined || control().rehearse === undefined) return undefined;
			const record = await this.record();
			return { ...(record.known && record.value?.rehearsed && { last: record.value.rehearsed }) };
		},
		/** What the settings and the size that are asked for would come to. Throws where that can't be told. */
		async assessment(version: DbVersion, record: ClusterRecord): Promise<Assessment> {
			const { owner, update } = valid.args;
			const { name = "", settings } = place ?? {};
			const { localTables } = update;
			const desiredState = desiredOf(valid);
			return control().assess({ name, owner, version, ...sizeOf(valid, record), settings, localTables, desiredState });
		},
	};
}

/** The size that is asked for; of what is not known yet, the one that the cluster has. */
export function sizeOf(valid: Valid, record: ClusterRecord): Pick<ClusterRecord, "shards" | "replicas"> {
	const of = (property: "shards" | "replicas") => (isKnown(valid, property) ? valid.args[property] : record[property]);
	return { shards: of("shards"), replicas: of("replicas") };
}

/** The state that is asked for, if one is and is known yet. */
export const desiredOf = (valid: Valid) => (isKnown(valid, "desiredState") ? valid.args.desiredState : undefined);

/** What somebody deleted of a cluster; nothing for who may not list it all. */
export async function missingOf(control: ClusterControl): Promise<readonly string[]> {
	return (await ifKnown(async () => control.missing?.())) ?? [];
}

function once<T>(ask: () => T): () => T {
	let answer: { readonly value: T } | undefined;
	return () => {
		answer ??= { value: ask() };
		return answer.value;
	};
}
