import { expect, test } from "vitest";
import { copiesUnder } from "../../../../src/platforms/kubernetes/ask/registered";
import { QueryError } from "../../../../src/platforms/kubernetes/ask/server";

/** Answers from a Keeper, as a server of 18.16 does: a node that is not there is an error. */
function serverOf(keeper: Record<string, Record<string, string>>) {
	const asked: string[] = [];
	const rows = async (sql: string) => {
		asked.push(sql);
		const paths = [...sql.matchAll(/path = '((?:\\.|[^'])*)'/g)].map(([, path = ""]) => path.replace(/\\(.)/g, "$1"));
		return paths.flatMap((path) => {
			const nodes = keeper[path];
			if (nodes === undefined) throw new QueryError(`Code: 999, e.displayText() = No node, path: ${path}`);
			return Object.entries(nodes).map(([name, value]) => ({ path, name, value }));
		});
	};
	return { asked, rows };
}

test("copies are told with their replicas, and those of strangers with their hosts", async () => {
	const server = serverOf({
		"/it's/replicas": { "db-0-0": "", r7: "" },
		"/it's/replicas/r7": { host: "host: twin-0-0.twin.svc\nport: 9009\ntcp_port: 9000\n", is_active: "" },
	});
	expect(await copiesUnder(server, ["/it's"], ["db-0-0"])).toEqual([
		{ path: "/it's", replica: "db-0-0" },
		{ path: "/it's", replica: "r7", host: "twin-0-0" },
	]);
});

test("a thousand tables take tens of questions, each short enough for a URL, and a stranger's host one", async () => {
	const paths = Array.from(
		{ length: 1000 },
		(_, n) => `/clickhouse/tables/0/database_of_some_name/table_of_some_name_${n}`,
	);
	const server = serverOf({
		...Object.fromEntries(paths.map((path) => [`${path}/replicas`, { a: "", b: "" }])),
		[`${paths[0]}/replicas/b`]: { host: "host: b.svc" },
	});
	const copies = await copiesUnder(server, paths, ["a"]);
	expect(copies).toHaveLength(2000);
	expect(copies.filter(({ host }) => host === "b")).toHaveLength(1000);
	expect(server.asked.length).toBeLessThanOrEqual(41);
	for (const sql of server.asked) expect(encodeURIComponent(sql).length).toBeLessThan(14_000);
});

test("a path that is gone, or in another Keeper, hides no other", async () => {
	const server = serverOf({ "/a/replicas": { one: "" }, "/c/replicas": { one: "" } });
	expect((await copiesUnder(server, ["/a", "/b", "/c"], ["one"])).map(({ path }) => path)).toEqual(["/a", "/c"]);
});

test("a Keeper that does not answer is no proof that there are no copies", async () => {
	const rows = async () => {
		throw new QueryError("Code: 999, e.displayText() = Connection loss");
	};
	await expect(copiesUnder({ rows }, ["/a"], [])).rejects.toThrow("Connection loss");
});

test("without tables that replicate nothing is asked", async () => {
	const server = serverOf({});
	expect(await copiesUnder(server, [], [])).toEqual([]);
	expect(server.asked).toEqual([]);
});
