/** What colours, moves, hides or turns text round where it is printed; and halves of pairs, which no protocol carries. */
const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * The text with each sign that would act where it is printed written out, line breaks included.
 *
 * @example visible("\u009b2J"); // "\\u{9b}2J"
 */
export function visible(text: string): string {
	return text.replace(acting, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}

/**
 * Somebody else's text, fit for a terminal, a log and Pulumi's CLI, which reads `<{%` as the beginning of a colour. Line
 * breaks and tabs stay.
 */
export function harmless(text: string): string {
	return text.replace(acting, (sign) => (sign === "\n" || sign === "\t" ? sign : " ")).replaceAll("<{%", "< {%");
}

/** JSON in which the same signs are written as JSON writes them: it holds the same, and acts nowhere. */
export function harmlessJson(value: unknown): string {
	const escaped = (sign: string) =>
		sign
			.split("")
			.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
			.join("");
	return JSON.stringify(value, undefined, 2).replace(acting, (sign) => (sign === "\n" ? sign : escaped(sign)));
}
