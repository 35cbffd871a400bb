import { expect, test } from "vitest";
import { standIns, withoutSource } from "../../src/rehearsal/stand-ins";
import { defined, ScriptedServer } from "./server";

test.each([
	["SOURCE(MYSQL(HOST 'h' PASSWORD 'p'))", "SOURCE(NULL())"],
	["SOURCE(HTTP(URL 'h' HEADERS(HEADER(NAME 'a)' VALUE 'b\\'('))))", "SOURCE(NULL())"],
	["COMMENT 'SOURCE(x)' SOURCE(FILE(PATH 'f' FORMAT 'CSV'))", "COMMENT 'SOURCE(x)' SOURCE(NULL())"],
])("%s becomes %s", (source, none) => {
	const of = (its: string) =>
		`CREATE DICTIONARY d.t (\`source (\` String DEFAULT 'SOURCE(') PRIMARY KEY x ${its} LIFETIME(MIN 0 MAX 9) LAYOUT(FLAT())`;
	expect(withoutSource(of(source))).toBe(of(none));
});

test.each(["CREATE DICTIONARY d.t (x Int8) PRIMARY KEY x LAYOUT(FLAT())", "SOURCE(MYSQL(HOST 'h'"])(
	"%s has no source that could be replaced",
	(statement) => expect(withoutSource(statement)).toBeUndefined(),
);

test("a table stands in by its columns, a few tables asked about at the same time, and a function not at all", async () => {
	const tables = Array.from({ length: 41 }, (_, n) => defined(`CREATE TABLE d.t${n} (x Int8) ENGINE = Kafka`));
	const cluster = new ScriptedServer((sql) =>
		[...sql.matchAll(/\('d', '(t\d+)'\)/g)].map(([, table]) => ({
			database: "d",
			table,
			name: "a`b",
			type: "Array(String)",
		})),
	);
	const none = { database: "", name: "f", engine: "Function", statement: "CREATE FUNCTION f AS (x) -> x" };
	const statements = await standIns(cluster, [...tables, none]);
	expect(statements).toEqual(
		tables.map(({ name }) => `CREATE TABLE \`d\`.\`${name}\` (\`a\\\`b\` Array(String)) ENGINE = Null`),
	);
	expect(cluster.asked).toHaveLength(3);
});
