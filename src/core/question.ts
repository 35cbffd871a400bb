import type { ObservedCluster } from "./cluster";
import type { LocalTables } from "./holdings";
import type { Unrehearsed } from "./rehearsal";
import type { Release } from "./release";

export type { Release } from "./release";

/** A value, or the reason why it is unknown. */
export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export const known = <T>(value: T): Known<T> => ({ known: true, value });
export const unknown = (why: string): Known<never> => ({ known: false, why });

/** `latest`: every update goes to the newest version. `any`: to any version that is not older. */
export const policies = ["latest", "any"] as const;
export type Policy = (typeof policies)[number];

/** All that the rules look at. No clock, no I/O: the same question always has the same answer. */
export interface Question {
	/** The version asked for, as it was written; any text. */
	readonly target: string;
	readonly cluster: Known<ObservedCluster>;
	readonly catalogue: Known<readonly Release[]>;
	readonly policy: Policy;
	/** Built-in knowledge of versions, for those whose engine the catalogue does not give. */
	readonly known?: readonly Release[];
	readonly localTables?: LocalTables;
	/** Why a rehearsal is missing; absent if there is one, or if none is required. */
	readonly unrehearsed?: Unrehearsed | undefined;
	/** Set if updates are limited to a maintenance window. */
	readonly window?: Window;
}

export interface Window {
	readonly open: boolean;
	/** When it opens, or closes, ISO 8601 in UTC. */
	readonly until: string;
	/** The time zone in which messages show times: `Europe/Berlin`. */
	readonly timeZone: string;
}
