/** A name of something in SQL. */
export const quoted = (name: string) => `\`${name.replace(/[\\`]/g, "\\$&")}\``;

export const path = ({ database, name }: { readonly database: string; readonly name: string }) =>
	`${quoted(database)}.${quoted(name)}`;

/** A text in SQL. */
export const literal = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
