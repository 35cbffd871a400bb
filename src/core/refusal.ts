import type { Problem } from "./availability";
import type { Cause, Rival, UpdateMark } from "./cluster";
import type { Told } from "./layout";
import type { Unrehearsed } from "./rehearsal";
import type { Spelling } from "./release";
import type { State } from "./state";
import type { Gap } from "./stepping-stones";
import type { DbVersion } from "./version";
import type { Instead } from "./ways";

/** What is wrong with a text that is not a DB version. */
export type VersionFlaw = {
	readonly flaw:
		| "empty"
		| "blanks"
		| "prefix"
		/** Not only numbers and dots, such as `1.8.0-rc1`, `1.8.x` or `v1.8`. */
		| "suffix"
		/** `01.8.0` */
		| "leading-zero"
		/** Numbers and dots, but not three or four numbers. */
		| "parts"
		| "too-long"
		/** `latest`, which the catalogue can't resolve. */
		| "latest-unknown"
		| "other";
	/** The version that was most likely meant; absent if that would be a guess. */
	readonly meant?: DbVersion;
	/** Why it can't; only with `latest-unknown`, absent if the catalogue is empty. */
	readonly why?: string;
	/** Only with `latest-unknown`: tags that the image spells otherwise. */
	readonly elsewhere?: readonly Spelling[];
};

/** The facts of each rule's refusal, by the rule's name. `words` makes sentences of them. */
export interface RefusalFacts {
	"version-format": VersionFlaw;
	/** With the nearest and the newest that pass; absent if `highest` and every later one passes. */
	"no-downgrade": {
		readonly highest: DbVersion;
		/** It opened the data, though an older one runs. */
		readonly byDataOnly: boolean;
	} & Partial<Instead>;
	"minimum-version": { readonly replica: string; readonly running: DbVersion; readonly minimum: DbVersion };
	"eligible-state":
		| {
				readonly state: State;
				readonly troubles: readonly { readonly replica: string; readonly trouble?: string; readonly cause?: Cause }[];
		  }
		| { readonly unreadable: string };
	/** With the newest that passes; absent if `unfinished` itself passes. */
	"unfinished-update": { readonly unfinished: DbVersion } & Omit<UpdateMark, "to"> & Partial<Instead>;
	"known-version": {
		readonly empty?: true;
		/** Tags of other spellings: of the target, or newer than all that can be set. */
		readonly elsewhere?: readonly Spelling[];
	} & Instead;
	"blocked-version": {
		readonly reason?: string;
		/** An update to it, or a creation at it, has begun: some replica's data may have its format. */
		readonly unfinished: boolean;
	} & Instead;
	/** With the next version on the way to the latest. */
	"latest-only": { readonly latest: DbVersion } & Instead;
	/** With the target itself if it passes once the cluster is stopped, else with the newest that passes. */
	"upgrade-path": Gap & {
		/** Versions to go through, in order; each passes once the one before runs, and so does the target. Empty if none. */
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
	/** The replicas of each shard, as declared and as reported. */
	layout: Told & { readonly declared: readonly (readonly string[])[] };
	"last-copy": {
		/** The first ones that some replicas of a shard hold and others lack, by name. */
		readonly tables: readonly {
			readonly table: string;
			readonly on: readonly string[];
			readonly lack: readonly string[];
		}[];
		readonly count: number;
		/** Replicas that could not say what they hold. */
		readonly unasked: readonly string[];
	};
	"persistent-data": { readonly replicas: readonly { readonly replica: string; readonly volatile: string }[] };
	"shared-tables": Rival;
	rehearsal: { readonly unrehearsed: Unrehearsed };
	"maintenance-window": {
		/** ISO 8601 in UTC. */
		readonly opens: string;
		readonly timeZone: string;
	};
}

export type RuleName = keyof RefusalFacts;

/** Why an update is not allowed: the rule, the property that it is about, and the facts. */
export type Refusal = {
	[Name in RuleName]: { readonly rule: Name; readonly property: string; readonly target: string } & RefusalFacts[Name];
}[RuleName];
