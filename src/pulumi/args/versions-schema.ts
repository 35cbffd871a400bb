import { z } from "zod";
import { isLink, shapes } from "../../catalogue/release";
import { accepted, listOf, textOf } from "../../control/accepts";
import { parseVersion } from "../../core/version";
import { isSafe } from "../../remote/http";
import { isImageName } from "../../remote/reference";

const link = accepted('the address of a page, such as "https://example.com/releases/1.8.0"');

/** A reason, or that there is one: documents say so, too. */
function reason(example: string) {
	const what = `a reason, such as "${example}"`;
	const how = "Write the reason as text, or true.";
	return z.union([z.literal(true), textOf(what, how, /\S/)], accepted(what, how)).optional();
}

const release = z.strictObject(
	{
		version: z
			.string(accepted("a DB version, such as 1.8.0"))
			.refine(
				(text) => parseVersion(text) !== undefined,
				accepted("a DB version: three or four numbers with dots between them, such as 1.8.0 or 0.9.2.0"),
			),
		engine: textOf('a ClickHouse version, such as "23.3"', undefined, shapes.engine).optional(),
		date: textOf('a day, such as "2024-08-20"', undefined, shapes.date).optional(),
		notes: z.string(link).refine(isLink, link).optional(),
		deprecated: reason("1.8.2 is faster"),
		blocked: reason("corrupts vector indexes"),
	},
	accepted('an object such as { version: "1.8.0" }'),
);

const image = accepted(
	"the name of an image",
	'Write it without a tag or digest, such as "myscale/myscaledb", or with {version} in its tag, such as "myscale/myscaledb:{version}-ubi".',
);
const pattern = accepted('a regular expression, such as "^1\\\\."');

const registry = z.strictObject(
	{
		image: z.string(image).refine(isImageName, image),
		tags: z.string(pattern).refine(isPattern, pattern).optional(),
	},
	accepted('an object such as { image: "myscale/myscaledb" }'),
);

const url = accepted(
	"an address that can be used",
	"Give an https address with no user and no password in it. Plain http is allowed for 127.0.0.1 only.",
);

export const versions = z
	.strictObject(
		{
			list: listOf(release, '[{ version: "1.7.1" }, { version: "1.8.0" }]')
				.min(1, {
					error: "the list is empty: no version could be chosen. Name the versions that exist, or leave it out.",
				})
				.optional(),
			registry: registry.optional(),
			url: z
				// Its value is never repeated: what stands behind its question mark may be a secret.
				.string({ error: "it is not text: give the address of a document." })
				.refine(isDocument, { error: ({ input }) => url.error({ input: withoutSecrets(String(input)) }) })
				.optional(),
		},
		accepted('an object such as { list: [{ version: "1.8.0" }] }'),
	)
	.refine((given) => Object.values(given).filter((source) => source !== undefined).length < 2, {
		error: ({ input }) =>
			`${Object.keys(input as object).join(" and ")} are given, and versions come from one place. Keep one of them.`,
	});

function isPattern(text: string): boolean {
	try {
		return new RegExp(text) instanceof RegExp;
	} catch {
		return false;
	}
}

function isDocument(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const url = new URL(text);
	return isSafe(url) && url.username === "" && url.password === "";
}

function withoutSecrets(text: string): string {
	return text.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//***@");
}
