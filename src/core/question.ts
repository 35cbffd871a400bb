import type { ObservedCluster } from "./cluster";
import type { DbVersion } from "./version";

/** Something that is known, or the reason why it is not. */
export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export const known = <T>(value: T): Known<T> => ({ known: true, value });
export const unknown = (why: string): Known<never> => ({ known: false, why });

/** A version that exists. */
export interface Release {
	readonly version: DbVersion;
	/** The ClickHouse version that it is built on, such as `23.3`; the first two parts are used. */
	readonly engine?: string;
}

/** `latest`: every update goes to the newest version. `any`: to any version that is not older. */
export const policies = ["latest", "any"] as const;
export type Policy = (typeof policies)[number];

/** All that the rules look at. No clock, no I/O: the same question has the same answer. */
export interface Question {
	/** The version asked for, as it was written; it may be anything. */
	readonly target: string;
	readonly cluster: Known<ObservedCluster>;
	readonly catalogue: Known<readonly Release[]>;
	readonly policy: Policy;
}
