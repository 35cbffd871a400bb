import { z } from "zod";
import {
	accepted,
	clusterName,
	integer,
	listOf,
	oneOf,
	shown,
	textOf,
	trueOrFalse,
	wholeNumber,
} from "../../control/accepts";
import { policies } from "../../core/question";
import { rehearsalPolicies } from "../../core/rehearsal";
import { defaultTiming } from "../../roll/timing";
import { versions } from "./versions-schema";
import { windowProblem } from "./window";

const window = z
	.strictObject(
		{
			schedule: z.string(accepted('a cron schedule of five fields, such as "0 2 * * 6"')),
			minutes: integer(1, 10_080, "a whole number of minutes from 1 to 10,080"),
			timeZone: z.string(accepted('a time zone, such as "Europe/Berlin"')).default("UTC"),
		},
		accepted('an object such as { schedule: "0 2 * * 6", minutes: 120 }'),
	)
	.superRefine((given, context) => {
		const problem = windowProblem(given);
		if (problem !== undefined) context.addIssue({ code: "custom", ...problem });
	});

const table = textOf(
	'the name of a table with its database, such as "default.loc", or "scratch.*" for all of a database',
	undefined,
	/^[^.]+\..+$/,
);

const share = accepted("a number from 0 to 1", "Leave it out for 0.01.");
const hold = z.strictObject(
	{
		seconds: integer(1, 86_400, "a whole number of seconds from 1 to 86,400"),
		errors: z.number(share).min(0, share).max(1, share).default(0.01),
	},
	accepted("an object such as { seconds: 600 }"),
);

const rehearsal = z.strictObject(
	{ policy: oneOf(rehearsalPolicies, "before"), queries: wholeNumber(0, 10_000, 200) },
	accepted('an object such as { policy: "required" }'),
);

const update = z.strictObject(
	{
		policy: oneOf(policies, "latest"),
		judge: oneOf(["live", "recorded"], "live"),
		drainSeconds: wholeNumber(0, 86_400, defaultTiming.drainSeconds),
		stallSeconds: wholeNumber(1, 604_800, defaultTiming.stallSeconds),
		shardsAtOnce: wholeNumber(1, 256, defaultTiming.shardsAtOnce),
		localTables: listOf(table, '["default.loc", "scratch.*"]').default([]),
		hold: hold.optional(),
		rehearsal: rehearsal.prefault({}),
		window: window.optional(),
		ignoreWindow: trueOrFalse(false),
	},
	accepted("an object such as { drainSeconds: 60 }"),
);

/** YAML takes `version: 26.7` for a number. */
const version = {
	error: ({ input }: { readonly input?: unknown }) =>
		input === undefined
			? "it is missing: give a DB version, such as 1.8.0, or latest."
			: `${shown(input)} is not a DB version, such as 1.8.0, or latest. Write the whole version as text, in quotes: version: "1.8.0".`,
};

/** All arguments but the platform's, which the platform reads itself. `version` is judged by the rules and by check. */
export const schema = z.strictObject({
	version: z.string(version),
	shards: wholeNumber(1, 256, 1),
	replicas: wholeNumber(1, 64, 2),
	versions: versions.optional(),
	update: update.prefault({}),
	desiredState: z
		.enum(["Started", "Stopped"], accepted('"Started" or "Stopped"', "Leave it out to leave the cluster as it is."))
		.optional(),
	deletionPolicy: oneOf(["Retain", "Delete"], "Retain"),
	adopt: trueOrFalse(false),
	name: clusterName(),
	owner: z.string({ error: "it is set by new DbCluster(), never by hand: create the resource with new DbCluster()." }),
});

/** Reads the argument `update`; what is wrong with it stays as it is, to be told of when all is read. */
export const readUpdate = (given: Readonly<Record<string, unknown>>): unknown => update.safeParse(given).data ?? given;

/** The arguments with every default filled in. */
export type Args = z.output<typeof schema>;

/** What there is for a person to set, beside the platform. */
export const ownNames: readonly string[] = Object.keys(schema.shape).filter((key) => key !== "owner");
