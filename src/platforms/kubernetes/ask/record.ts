import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Claimable, mustHold, withClaim, withExtended, withoutClaim } from "../../../control/claims";
import { PlatformError } from "../../../control/errors";
import type { Claim } from "../../../control/port";
import type { HeldDigest, UpdateSettings } from "../../../control/record";
import { heldFormat, markFormat, rehearsalFormat, storedVersion } from "../../../control/record-format";
import type { UpdateMark } from "../../../core/cluster";
import type { Rehearsal } from "../../../core/rehearsal";
import type { DbVersion } from "../../../core/version";
import { type Api, untilNoConflict } from "../api/api";
import type { ConfigMap } from "../api/types";
import { clusterSelector, label, recordName } from "../render/names";
import type { KeptSettings } from "../render/shape";

/** A restart that was begun: from now on `version` may have opened the replica's data. */
export interface Opening {
	readonly version: DbVersion;
	/** The pod that is being replaced: while it exists, no other can have opened the data. */
	readonly uid?: string;
}

/** The content of the ConfigMap `<name>-dbcluster`. Without an owner there is no cluster yet, only a claim. */
export interface Stored extends Claimable {
	readonly owner?: string;
	readonly generation?: string;
	readonly shards?: number;
	readonly replicas?: number;
	readonly mark?: UpdateMark;
	readonly openedBy: Readonly<Record<string, DbVersion>>;
	readonly opening: Readonly<Record<string, Opening>>;
	/** What replicas held that were taken out and not yet seen to come back whole. */
	readonly held?: Readonly<Record<string, HeldDigest>>;
	readonly rehearsed?: Rehearsal;
	/** How updates go, as the program last had it. */
	readonly update?: UpdateSettings;
	/** What the objects were rendered from, so that a restart renders them all again. */
	readonly settings?: KeptSettings;
}

const nothing: Stored = { fence: 0, openedBy: {}, opening: {} };
const key = "record";

/** The cluster's record, changed only by compare-and-swap on its resourceVersion. */
export class RecordStore {
	constructor(
		private readonly api: Api,
		private readonly cluster: string,
	) {}

	async read(): Promise<Stored | undefined> {
		return (await this.load())?.stored;
	}

	/** Reads, decides and writes until there is no conflict. Writes only changes; creates a missing record for one. */
	change(decide: (stored: Stored) => Stored): Promise<Stored> {
		return untilNoConflict(async () => {
			const found = await this.load();
			const before = found?.stored ?? nothing;
			const next = decide(before);
			if (next === before) return next;
			const data = { [key]: `${JSON.stringify(next, undefined, 2)}\n` };
			if (found === undefined) {
				const name = recordName(this.cluster);
				const metadata = { name, labels: { [label.cluster]: this.cluster } };
				await this.api.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data });
			} else {
				const metadata = { resourceVersion: found.resourceVersion };
				await this.api.merge("configmaps", recordName(this.cluster), { metadata, data });
			}
			return next;
		});
	}

	under(claim: Claim, decide: (stored: Stored) => Stored): Promise<Stored> {
		return this.change((stored) => decide(mustHold(stored, claim)));
	}

	/** The record, after checking that the claim holds. */
	async guard(claim: Claim): Promise<Stored> {
		return mustHold((await this.read()) ?? nothing, claim);
	}

	async claim(holder: string, seconds: number): Promise<Claim> {
		let tried: Stored | undefined;
		const { fence } = await this.change((stored) => {
			// The answer to our own write was lost.
			if (tried !== undefined && isDeepStrictEqual(stored.claim, tried.claim)) return stored;
			tried = withClaim(stored, { holder }, seconds, this.api.connection.now());
			return tried;
		});
		return { holder, fence };
	}

	async extend(claim: Claim, seconds: number): Promise<void> {
		await this.change((stored) => withExtended(stored, claim, seconds, this.api.connection.now()));
	}

	async release(claim: Claim): Promise<void> {
		await this.change((stored) => withoutClaim(stored, claim));
	}

	remove(): Promise<void> {
		return this.api.delete("configmaps", recordName(this.cluster));
	}

	private async load() {
		const found = await this.api.get<ConfigMap>("configmaps", recordName(this.cluster));
		if (found === undefined) return undefined;
		const { resourceVersion, labels } = found.metadata;
		if (labels?.[label.cluster] !== this.cluster)
			throw new PlatformError(
				`the ConfigMap ${recordName(this.cluster)} does not belong to this cluster: it lacks the label ${clusterSelector(this.cluster)}`,
			);
		return { stored: parse(found, this.cluster), resourceVersion };
	}
}

/** The records of all clusters of a namespace, by cluster name, except unreadable ones. */
export async function allRecords(api: Api): Promise<ReadonlyMap<string, Stored>> {
	const found = await api.list<ConfigMap>("configmaps", { labels: label.cluster });
	return new Map(
		found.flatMap((each): [string, Stored][] => {
			const { name, labels } = each.metadata;
			const cluster = labels?.[label.cluster];
			if (cluster === undefined || name !== recordName(cluster)) return [];
			try {
				return [[cluster, parse(each, cluster)]];
			} catch {
				return [];
			}
		}),
	);
}

/** As it may have been edited. What a later release adds stays. */
const format = z.looseObject({
	fence: z.number().default(0),
	claim: z.looseObject({ holder: z.string(), fence: z.number(), expires: z.string() }).optional(),
	owner: z.string().optional(),
	generation: z.string().optional(),
	// Not more than the arguments accept: each makes a name, and a request.
	shards: z.int().min(1).max(256).optional(),
	replicas: z.int().min(1).max(64).optional(),
	mark: markFormat.optional(),
	openedBy: z.record(z.string(), storedVersion).default({}),
	opening: z.record(z.string(), z.looseObject({ version: storedVersion, uid: z.string().optional() })).default({}),
	held: heldFormat.optional(),
	rehearsed: rehearsalFormat,
	update: z.record(z.string(), z.unknown()).optional(),
	settings: z.looseObject({ image: z.string() }).optional(),
});

function parse(found: ConfigMap, cluster: string): Stored {
	const text = found.data?.[key];
	if (text === undefined) return nothing;
	try {
		return format.parse(JSON.parse(text)) as unknown as Stored;
	} catch {
		throw new PlatformError(
			`the ConfigMap ${recordName(cluster)} was edited and is no record of a cluster any more: restore its key '${key}' from a backup`,
		);
	}
}
