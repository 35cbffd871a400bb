import { z } from "zod";
import { unknownValue } from "../../pulumi/stored";
import { flawIn } from "../flaw";

const properties = z.record(z.string(), z.unknown()).optional();
const resource = z.object({
	urn: z.string(),
	type: z.string().optional(),
	parent: z.string().optional(),
	/** It is deleted, and what comes in its place is made afterwards. */
	pendingReplacement: z.boolean().optional(),
	/** It goes from the state alone. */
	retainOnDelete: z.boolean().optional(),
	inputs: properties,
	outputs: properties,
});
const step = z.object({
	op: z.string(),
	urn: z.string(),
	oldState: resource.nullish(),
	newState: resource.nullish(),
});
const diagnostic = z.object({
	/** Absent if it is about no resource. */
	urn: z.string().optional(),
	message: z.string(),
	/** `info`, `info#err`, `warning` or `error`. */
	severity: z.string(),
});
const preview = z.object({
	steps: z.array(step).nullish(),
	diagnostics: z.array(diagnostic).nullish(),
});
/** Of what the CLI prints with PULUMI_ENABLE_STREAMING_JSON_PREVIEW, one a line. */
const event = z.object({
	sequence: z.number(),
	/** A step, before it is taken. */
	resourcePreEvent: z
		.object({
			metadata: z
				.object({ op: z.string(), urn: z.string(), old: resource.nullish(), new: resource.nullish() })
				.transform(({ op, urn, old, new: newState }) => ({ op, urn, oldState: old, newState })),
		})
		.optional(),
	diagnosticEvent: diagnostic.optional(),
});
const stateFile = z.object({ deployment: z.object({ resources: z.array(resource).nullish() }) });

/** A resource as Pulumi writes it. A secret value is the text `[secret]`, or an object with a `ciphertext`. */
export type Resource = z.output<typeof resource>;
export type PreviewStep = z.output<typeof step>;
export type Diagnostic = z.output<typeof diagnostic>;

/** Whether one of the values is not known yet: Pulumi writes this text in its place, whatever its type. */
export const holdsUnknown = (values: Readonly<Record<string, unknown>>): boolean =>
	JSON.stringify(values).includes(`"${unknownValue}"`);

export interface Preview {
	/**
	 * In order; several for a resource that is refreshed or replaced. Unchanged resources only with `--show-sames`; of a
	 * failed preview none, or those before its first errors.
	 */
	readonly steps: readonly PreviewStep[];
	readonly diagnostics: readonly Diagnostic[];
	/** It printed nothing: it failed before it reached any resource, and gives the reason on standard error. */
	readonly empty: boolean;
}

/** Parses the output of `pulumi preview --json`, even of a failed one or as a stream of events. */
export function readPreview(text: string): Preview {
	if (text.trim() === "") return { steps: [], diagnostics: [], empty: true };
	const what = "the output of pulumi preview --json";
	const lines = text.split("\n").filter((line) => /^\{".+\}\s*$/.test(line));
	if (lines[0] !== undefined && "sequence" in parsed(lines[0], z.looseObject({}), what)) {
		const events = lines.map((line) => parsed(line, event, what));
		return {
			steps: events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []),
			diagnostics: events.flatMap(({ diagnosticEvent }) => diagnosticEvent ?? []),
			empty: false,
		};
	}
	const { steps, diagnostics } = parsed(text, preview, what);
	return { steps: steps ?? [], diagnostics: diagnostics ?? [], empty: false };
}

/** Parses a stack's state, as `pulumi stack export` writes it. */
export function readState(text: string): readonly Resource[] {
	return parsed(text, stateFile, "the output of pulumi stack export").deployment.resources ?? [];
}

function parsed<T>(text: string, format: z.ZodType<T>, what: string): T {
	// The caller of the CLI may have printed a line before it.
	const start = text.search(/^[^\S\n]*\{/m);
	let value: unknown;
	try {
		value = JSON.parse(start < 0 ? text : text.slice(start));
	} catch {
		// The parser's message quotes the text, whatever is in it.
		throw new Error(`it is not ${what}: it is not JSON`);
	}
	const { data, error } = format.safeParse(value);
	if (error === undefined) return data;
	throw new Error(`it is not ${what}: ${flawIn(error)}`);
}
