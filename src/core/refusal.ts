import type { Problem } from "./availability";
import type { Cause, Rival } from "./cluster";
import type { Told } from "./layout";
import type { State } from "./state";
import type { Gap } from "./stepping-stones";
import type { DbVersion } from "./version";
import type { Instead } from "./ways";

/** What is wrong with a text that should be a DB version. */
export type VersionFlaw = {
	readonly flaw:
		| "empty"
		/** Blanks or line breaks around it. */
		| "blanks"
		/** A version with a `v` before it. */
		| "prefix"
		/** More than numbers and dots, such as `1.8.0-rc1`, `1.8.x` or `v1.8`. */
		| "suffix"
		/** `01.8.0` */
		| "leading-zero"
		/** Numbers with dots between, but not three or four of them. */
		| "parts"
		/** A part of more than nine digits. */
		| "too-long"
		/** `latest`, and the catalogue can't say which version that is. */
		| "latest-unknown"
		| "other";
	/** The version that was most likely meant; absent where that would be a guess. */
	readonly meant?: DbVersion;
	/** Why the catalogue can't say it; with `latest-unknown` only, and absent where the catalogue is empty. */
	readonly why?: string;
};

/** Facts of each rule's refusal, by the rule's name. Words make sentences of them; nothing here is a sentence. */
export interface RefusalFacts {
	"version-format": VersionFlaw;
	/** With the nearest and the newest that pass; absent where `highest` and everything later will do. */
	"no-downgrade": {
		readonly highest: DbVersion;
		/** The data was opened by it, though an older one runs. */
		readonly byDataOnly: boolean;
	} & Partial<Instead>;
	"minimum-version": { readonly replica: string; readonly running: DbVersion; readonly minimum: DbVersion };
	"eligible-state":
		| {
				readonly state: State;
				readonly troubles: readonly { readonly replica: string; readonly trouble?: string; readonly cause?: Cause }[];
		  }
		| { readonly unreadable: string };
	/** With the newest that passes; absent where `unfinished` itself does. */
	"unfinished-update": {
		readonly unfinished: DbVersion;
		readonly from: DbVersion;
		readonly since: string;
		/** It is not an update but the creation of the cluster. */
		readonly creates?: true;
	} & Partial<Instead>;
	/** With the newest that pass. */
	"known-version": {
		/** The catalogue is. */
		readonly empty?: true;
	} & Instead;
	/** With the newest that passes. */
	"blocked-version": {
		/** Absent where none is given. */
		readonly reason?: string;
		/** An update to it, or a creation at it, has begun, and some replica may have its data format. */
		readonly unfinished: boolean;
	} & Instead;
	/** With the next version on the way to the latest. */
	"latest-only": { readonly latest: DbVersion } & Instead;
	/** With the target itself where it passes once the cluster is stopped, else with the newest that passes. */
	"upgrade-path": Gap & {
		/** Versions to go through, in order, of which the first passes; empty where there is none. */
		readonly steppingStones: readonly DbVersion[];
	} & Instead;
	"last-healthy-replica": {
		readonly replica: string;
		readonly others: readonly {
			readonly replica: string;
			readonly problem: Problem | "unknown";
			readonly trouble?: string;
		}[];
	};
	/** The replicas of each shard, as declared and as told. */
	layout: Told & { readonly declared: readonly (readonly string[])[] };
	"last-copy": {
		/** The first that some replicas hold and others of their shard lack, in the order of their names. */
		readonly tables: readonly {
			readonly table: string;
			readonly on: readonly string[];
			readonly lack: readonly string[];
		}[];
		/** How many there are in all. */
		readonly count: number;
		/** Replicas that could not be asked what they hold. */
		readonly unasked: readonly string[];
	};
	"persistent-data": { readonly replicas: readonly { readonly replica: string; readonly volatile: string }[] };
	"shared-tables": Rival;
	"maintenance-window": {
		/** ISO 8601 in UTC. */
		readonly opens: string;
		readonly timeZone: string;
	};
}

export type RuleName = keyof RefusalFacts;

/** Why an update is not allowed: a rule, the property of the resource that it is about, and the facts. */
export type Refusal = {
	[Name in RuleName]: { readonly rule: Name; readonly property: string; readonly target: string } & RefusalFacts[Name];
}[RuleName];
