import { z } from "zod";
import type { Cause } from "../core/cluster";
import type { Rehearsal } from "../core/rehearsal";
import { type DbVersion, parseVersion } from "../core/version";
import type { HeldDigest } from "./record";

/** What platforms store of a cluster, as anybody may have edited it. Fields of a later release stay. */

export const storedVersion = z.string().refine((text): text is DbVersion => parseVersion(text) !== undefined);

export const markFormat = z.looseObject({
	from: storedVersion,
	to: storedVersion,
	since: z.string(),
	creates: z.literal(true).optional(),
});

export const heldFormat = z.record(
	z.string(),
	z.looseObject({
		tables: z.int(),
		digest: z.string(),
		localTables: z.array(z.string()).readonly().optional(),
		others: z.array(z.string()).readonly().optional(),
	}),
) as unknown as z.ZodType<Readonly<Record<string, HeldDigest>>>;

const failure = z.looseObject({ cause: z.string() as unknown as z.ZodType<Cause>, words: z.string() });
const place = z.looseObject({
	name: z.string(),
	replicas: z.array(z.string()),
	failure: failure.optional(),
	leftOut: z.string().optional(),
});
const listed = <Item extends z.ZodType>(item: Item) => z.looseObject({ count: z.int(), first: z.array(item) });
const refusedTables = listed(z.looseObject({ name: z.string(), reason: z.string() }));

/** What can't be read of a rehearsal counts as none: the next update rehearses again. */
export const rehearsalFormat = z
	.looseObject({
		at: z.iso.datetime(),
		from: storedVersion,
		to: storedVersion,
		about: z.string(),
		places: z.array(place),
		failure: failure.optional(),
		leftOut: z.string().optional(),
		tables: z
			.looseObject({ loaded: z.int(), refused: refusedTables, notCreated: refusedTables, skipped: z.int() })
			.optional(),
		tablesLeftOut: z.string().optional(),
		settings: z
			.looseObject({
				unknown: listed(z.string()),
				defaults: listed(z.looseObject({ name: z.string(), from: z.string(), to: z.string() })),
			})
			.optional(),
		queries: z
			.looseObject({
				planned: z.int(),
				failing: listed(z.looseObject({ hash: z.string(), error: z.string() })),
				skipped: z.int(),
			})
			.optional(),
	})
	.optional()
	.catch(undefined) as unknown as z.ZodOptional<z.ZodType<Rehearsal>>;
