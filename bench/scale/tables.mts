/**
 * What 100, 1,000 and 10,000 tables in one cluster cost: the preview of a version bump, and the bump itself, with its
 * rehearsal, on two real ClickHouse engines of the local platform. Each table has a row, and all must be there afterwards,
 * on the new version.
 *
 * Usage: node bench/scale/tables.mts [largest]        prints a table and writes bench/results/scale-tables.json
 */
import { clear, command, engines, program, versions } from "../many.mts";
import { machine, rounded, saveResults } from "../results.mts";

const largest = Number(process.argv[2] ?? 10_000);
const sizes = [100, 1000, 10_000].filter((size) => size <= largest);

async function ask(port: number, sql: string): Promise<string> {
	const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: sql });
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${sql}: ${text}`);
	return text.trim();
}

const holds = (port: number) =>
	ask(port, "SELECT count(), sum(total_rows), version() FROM system.tables WHERE database = 'default'");

async function measured(tables: number, port: number) {
	const name = `tables-${tables}`;
	const local = { port, engines };
	const folder = await program(
		name,
		`const { DbCluster } = require("pulumi-dbcluster/native");
		const versions = ${JSON.stringify(versions)};
		new DbCluster("main", {
			version: Number(process.env.CHANGED) > 0 ? versions.new : versions.old,
			replicas: 2,
			deletionPolicy: "Delete",
			local: { ...${JSON.stringify(local)}, directory: __dirname + "/data" },
		});`,
	);
	const up = ["up", "--yes", "--skip-preview"];
	const one = { count: 1, counted: true };
	try {
		await command(folder, up, one);
		const began = performance.now();
		for (let i = 0; i < tables; i++)
			await ask(port, `CREATE TABLE t${i} (x UInt64, s String) ENGINE = MergeTree ORDER BY x AS SELECT ${i}, 'a row'`);
		console.log(`${tables} tables created in ${rounded((performance.now() - began) / 1000)} s`);
		const rows = [];
		for (const [what, args, changed] of [
			["preview, unchanged", ["preview", "--expect-no-changes"], 0],
			["preview of the update", ["preview"], 1],
			["the update", up, 1],
		] as const) {
			const cost = await command(folder, args, { ...one, changed });
			rows.push({
				tables,
				command: what,
				s: rounded(cost.seconds),
				"provider's CPU s": rounded(cost.providerSeconds),
				"requests of the provider": cost.calls.requests,
				"provider, MiB": Math.round(cost.memory),
			});
			console.table(rows);
		}
		const found = await holds(port);
		if (found !== `${tables}\t${tables}\t${versions.new}`) throw new Error(`after the update there are ${found}`);
		return rows;
	} finally {
		await command(folder, ["destroy", "--yes"], one);
	}
}

try {
	const rows = [];
	for (const [index, tables] of sizes.entries()) rows.push(...(await measured(tables, 24_000 + index)));
	saveResults("scale-tables", { machine: machine(), rows });
} finally {
	clear();
}
