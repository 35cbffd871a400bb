import { z } from "zod";
import { policies } from "../core/question";
import { parseVersion } from "../core/version";
import { defaultTiming } from "../roll/timing";
import { accepted, count, name, oneOf, trueOrFalse } from "./accepts";

const release = z.strictObject(
	{
		version: z
			.string({ error: accepted("a DB version, such as 1.8.0") })
			.refine((text) => parseVersion(text) !== undefined, {
				error: accepted("a DB version: three or four numbers with dots between them, such as 1.8.0 or 0.9.2.0"),
			}),
		engine: z
			.string({ error: accepted('a ClickHouse version, such as "23.3"') })
			.regex(/^\d{1,4}\.\d{1,4}(\.\d{1,9}){0,2}$/, { error: accepted('a ClickHouse version, such as "23.3"') })
			.optional(),
	},
	{ error: accepted('an object such as { version: "1.8.0" }') },
);

const versions = z.strictObject(
	{
		list: z
			.array(release, { error: accepted('a list such as [{ version: "1.7.1" }, { version: "1.8.0" }]') })
			.min(1, {
				error: "the list is empty: no version could be chosen. Name the versions that exist, or leave it out.",
			})
			.optional(),
	},
	{ error: accepted('an object such as { list: [{ version: "1.8.0" }] }') },
);

const update = z.strictObject(
	{
		policy: oneOf(policies, "latest"),
		judge: oneOf(["live", "recorded"], "live"),
		drainSeconds: count(0, 86_400, defaultTiming.drainSeconds),
		stallSeconds: count(1, 604_800, defaultTiming.stallSeconds),
		shardsAtOnce: count(1, 256, defaultTiming.shardsAtOnce),
	},
	{ error: accepted("an object such as { drainSeconds: 60 }") },
);

/** All arguments but the platform's, which the platform reads itself. `version` is judged by the rules and by check. */
const args = z.strictObject({
	version: z.string({ error: accepted("a DB version, such as 1.8.0, or latest") }),
	shards: count(1, 256, 1),
	replicas: count(1, 64, 2),
	versions: versions.optional(),
	update: update.prefault({}),
	desiredState: z
		.enum(["Started", "Stopped"], {
			error: accepted('"Started" or "Stopped"', "Leave it out to leave the cluster as it is."),
		})
		.optional(),
	deletionPolicy: oneOf(["Retain", "Delete"], "Retain"),
	adopt: trueOrFalse(false),
	name: name(),
	owner: z.string({ error: accepted("the resource that owns the cluster; the constructor adds it") }),
});

/** The arguments with every default filled in. */
export type Args = z.output<typeof args>;

export const schema = args;

/** The names that an object at a path may have: `""` is the arguments themselves. */
export const namesAt: Readonly<Record<string, readonly string[]>> = {
	"": Object.keys(args.shape).filter((key) => key !== "owner"),
	versions: Object.keys(versions.shape),
	"versions.list[]": Object.keys(release.shape),
	update: Object.keys(update.shape),
};
