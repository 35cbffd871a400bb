/** Quotes an identifier in SQL. */
export const identifier = (name: string) => `\`${name.replace(/[\\`]/g, "\\$&")}\``;

export const path = ({ database, name }: { readonly database: string; readonly name: string }) =>
	`${identifier(database)}.${identifier(name)}`;

/** Quotes a string in SQL. */
export const literal = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;

/** The server's own databases, as a list in SQL. */
export const ownDatabases = "('system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables')";
