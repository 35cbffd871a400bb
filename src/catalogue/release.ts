/** The syntax of a release's properties, in a program and in a document. */
export const shapes = {
	engine: /^\d{1,4}\.\d{1,4}(\.\d{1,9}){0,2}$/,
	date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
} as const;

export function isLink(text: string): boolean {
	return text.length <= 2048 && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
