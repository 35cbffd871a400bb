import { describe, expect, it, vi } from "vitest";
import type { VolumeClaim } from "../../src/platforms/kubernetes/api/types";
import { create } from "../../src/pulumi/apply/create";
import { destroy } from "../../src/pulumi/apply/delete";
import { update } from "../../src/pulumi/apply/update";
import { check } from "../../src/pulumi/judge/check";
import { reasonsIn } from "../reasons";
import { Space, unavailable } from "./harness";
import { credentials } from "./query";

type Properties = Record<string, unknown>;
const minute = 60_000;

/** What Pulumi does of one resource on a real cluster: state goes from one run to the next. */
class Resource {
	private id = "";
	private inputs: Properties = {};
	private outputs: Properties = {};

	constructor(private readonly base: Properties) {}

	async preview(args: Properties) {
		const { inputs = {}, failures } = await check(this.inputs, { ...this.base, ...args });
		return { inputs, refused: reasonsIn(failures) };
	}

	async up(args: Properties): Promise<Properties> {
		const { inputs, refused } = await this.preview(args);
		expect(refused).toEqual([]);
		if (this.id === "") {
			const { id, outs } = await create(inputs);
			Object.assign(this, { id, outputs: outs });
		} else this.outputs = (await update(this.id, this.outputs, inputs)).outs ?? {};
		this.inputs = inputs;
		return this.outputs;
	}

	async destroy(): Promise<void> {
		await destroy(this.id, this.outputs);
		Object.assign(this, { id: "", inputs: {}, outputs: {} });
	}
}

interface Stage {
	readonly space: Space;
	readonly db: Resource;
	at(replicas: number, more?: Properties): Properties;
	rows(pod: string, table: string): Promise<number>;
}

/** A cluster `db` of a test's own. */
function moves(what: string, test: (stage: Stage) => Promise<void>, config: Record<string, string> = {}): void {
	it.skipIf(unavailable !== undefined)(what, async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		const versions = { list: [{ version: "1.7.1" }] };
		const kubernetes = space.settings({ config });
		try {
			await test({
				space,
				db: new Resource({ owner: "project/stack/db", name: "db", version: "1.7.1", versions, kubernetes }),
				at: (replicas, more = {}) => ({ replicas, ...more }),
				rows: async (pod, table) => Number(await space.queryPod(pod, `SELECT count() FROM ${table}`)),
			});
		} finally {
			lines.mockRestore();
			await space.close();
		}
	});
}

const columns = "(n UInt64, d Date DEFAULT toDate('2026-01-01'))";
const replicated = (path: string, replica = "{replica}") =>
	`${columns} ENGINE = ReplicatedMergeTree('${path}', '${replica}', d, n, 8192)`;
const numbers = (count: number, from = 0) => `SELECT number + ${from} AS n FROM numbers(${count})`;
const buffer = (destination: string) =>
	`(n UInt64) ENGINE = Buffer(${destination}, 16, 10000, 100000, 100000, 1000000, 100000000, 1000000000)`;

describe("a replica that leaves", () => {
	moves("is refused while a table of its own holds the last copy of rows, whatever the table's name", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(2));
		for (const ordinal of [0, 1])
			await space.queryPod(`db-0-${ordinal}`, `CREATE TABLE t ${replicated(`/${space.namespace}/t-${ordinal}`)}`);
		await space.queryPod("db-0-1", `INSERT INTO t (n) ${numbers(700)}`);
		expect((await db.preview(at(1))).refused).toEqual([
			`replicas: db-0-1 can't be removed: no other replica has \`default\`.\`t\` with the same engine and replication path (ReplicatedMergeTree, /${space.namespace}/t-1). Move, flush or drop that data first. Set replicas back to 2 until then.`,
		]);
		expect([await rows("db-0-0", "t"), await rows("db-0-1", "t")]).toEqual([0, 700]);

		// As the message says.
		const there = `remote('db-0-0.db-headless', default, t, '${credentials.user}', '${credentials.password.replace("'", "\\'")}')`;
		await space.queryPeers("db-0-1", `INSERT INTO FUNCTION ${there} SELECT * FROM t`);
		await space.queryPod("db-0-1", "DROP TABLE t");
		await db.up(at(1));
		expect(await rows("db-0-0", "t")).toBe(700);
	});

	moves("first writes what its Buffer tables keep, which then is on those that stay", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(2));
		for (const pod of ["db-0-0", "db-0-1"]) {
			await space.queryPod(pod, `CREATE TABLE rows ${replicated(`/${space.namespace}/rows`)}`);
			await space.queryPod(pod, `CREATE TABLE buffered ${buffer("default, rows")}`);
			await space.queryPod(pod, `CREATE TABLE before ${buffer("'', 'buffered'")}`);
		}
		await space.queryPod("db-0-1", `INSERT INTO buffered ${numbers(44)}`);
		await space.queryPod("db-0-1", `INSERT INTO before ${numbers(6, 44)}`);
		expect(await rows("db-0-1", "rows")).toBe(0);

		// Its rows would be thrown away.
		await space.queryPod("db-0-1", `CREATE TABLE astray ${buffer("default, nowhere")}`);
		await space.queryPod("db-0-1", `INSERT INTO astray ${numbers(5)}`);
		expect((await db.preview(at(1))).refused).toEqual([
			"replicas: db-0-1 can't be removed: the Buffer table `default`.`astray` may have rows for `default`.`nowhere`, which does not exist (create `default`.`nowhere`, or drop `default`.`astray`). Move, flush or drop that data first. Set replicas back to 2 until then.",
		]);
		await space.queryPod("db-0-1", "DROP TABLE astray");

		expect((await db.preview(at(1))).refused).toEqual([]);
		// A preview only asks.
		expect(await rows("db-0-1", "rows")).toBe(0);
		await db.up(at(1));
		expect(await rows("db-0-0", "rows")).toBe(50);
	});

	const host = (port: number) => `<shard><replica><host>127.0.0.1</host><port>${port}</port></replica></shard>`;
	const two = `<yandex><remote_servers><two>${host(9000)}${host(9)}</two></remote_servers></yandex>`;
	moves(
		"is refused while it may have rows queued for a server elsewhere and is too old to be told to send them",
		async (stage) => {
			const { space, db, at } = stage;
			await db.up(at(2));
			for (const pod of ["db-0-0", "db-0-1"]) {
				await space.queryPod(pod, `CREATE TABLE rows ${replicated(`/${space.namespace}/rows`)}`);
				await space.queryPeers(
					pod,
					`CREATE TABLE IF NOT EXISTS near ${columns} ENGINE = Distributed(db, default, rows, n)`,
				);
			}
			expect((await db.preview(at(1))).refused).toEqual([]);
			await space.queryPod("db-0-1", `CREATE TABLE far ${columns} ENGINE = Distributed(two, default, rows, n)`);
			await space.queryPod("db-0-1", `INSERT INTO far (n) ${numbers(10)}`);
			expect((await db.preview(at(1))).refused).toEqual([
				"replicas: db-0-1 can't be removed: `default`.`far` may have rows queued for other servers, which this version of ClickHouse does not report. Move, flush or drop that data first. Set replicas back to 2 until then.",
			]);
			await space.queryPod("db-0-1", "DROP TABLE far");
			await db.up(at(1));
		},
		{ "two.xml": two },
	);
});

describe("a replica that joins", () => {
	moves("is refused while its shard has rows that it would not get, unless they are named as local", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(2));
		for (const pod of ["db-0-0", "db-0-1"]) {
			await space.queryPod(pod, `CREATE TABLE rows ${replicated(`/${space.namespace}/rows`)}`);
			await space.queryPod(pod, "CREATE MATERIALIZED VIEW view ENGINE = Log AS SELECT n FROM rows");
			await space.queryPod(pod, "CREATE TABLE loc (n UInt64) ENGINE = Log");
			await space.queryPod(pod, "CREATE TABLE empty (n UInt64) ENGINE = Log");
			await space.queryPod(pod, `CREATE TABLE own ${replicated(`/${space.namespace}/{replica}/own`)}`);
			await space.queryPod(pod, `INSERT INTO loc ${numbers(100)}`);
		}
		await space.queryPod("db-0-0", `INSERT INTO rows (n) ${numbers(100)}`);
		expect((await db.preview(at(3))).refused).toContain(
			'replicas: db-0-2 would lack rows that its shard has: default.loc (Log) does not replicate; default.own has a different replication path on each replica; default.view (Log) does not replicate. Recreate them with a Replicated engine and one path for all replicas, or drop those that are not needed. If a table may differ between replicas, add it to update.localTables: ["default.loc"].',
		);
		const named = (...localTables: string[]) => at(3, { update: { localTables } });
		expect((await db.preview(named("default.loc", "default.view"))).refused).toContainEqual(
			expect.stringMatching(
				/^replicas: db-0-2 would lack rows .*: default\.own has a different replication path .*\. Recreate it with a Replicated engine/,
			),
		);
		const all = named("default.loc", "default.view", "default.own");
		const { inputs, refused } = await db.preview(all);
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"settings at 1.7.1": {
				joins:
					"db-0-2 gets the tables, then the rows, then clients; the rows of default.loc, default.own and default.view do not replicate and will be missing there",
			},
		});
		expect(await db.up(all)).toMatchObject({ state: "Started", replicaVersions: [{}, {}, {}] });
		expect(await Promise.all(["rows", "loc", "view", "empty"].map((table) => rows("db-0-2", table)))).toEqual([
			100, 0, 0, 0,
		]);
		expect(await rows("db-0-0", "loc")).toBe(100);
	});

	moves("is not let in with a table of its own under the name of one that its shard replicates", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(1));
		await space.queryPod("db-0-0", `CREATE TABLE rows ${replicated(`/${space.namespace}/rows`)}`);
		await space.queryPod("db-0-0", `INSERT INTO rows (n) ${numbers(30)}`);
		const rising = db.up(at(2)).then(
			() => "done",
			(error: Error) => error.message,
		);
		// Before it is given those of the others.
		await vi.waitFor(() => space.queryPod("db-0-1", "CREATE TABLE rows (n UInt64) ENGINE = Log"), {
			timeout: 2 * minute,
			interval: 5,
		});
		expect(await rising).toContain(
			`db-0-1 can't join: its table default.rows is Log, but on db-0-0 the table is ReplicatedMergeTree under the replication path /${space.namespace}/rows, so db-0-1 would never get its rows.`,
		);
		await space.queryPod("db-0-1", "DROP TABLE rows");
		expect(await db.up(at(2))).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
		expect(await rows("db-0-1", "rows")).toBe(30);
	});
});

describe("a cluster that is made anew over the volumes of an earlier one", () => {
	const left = async (space: Space) =>
		(await space.api.list<VolumeClaim>("persistentvolumeclaims", {}))
			.filter(({ metadata }) => metadata.annotations?.["pulumi-dbcluster/left"] === "true")
			.map(({ metadata }) => metadata.name);

	moves("has as many replicas as that, but for those that left on purpose", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(3));
		for (const pod of ["db-0-0", "db-0-1", "db-0-2"])
			await space.queryPod(pod, `CREATE TABLE rows ${replicated(`/${space.namespace}/rows`)}`);
		await space.queryPod("db-0-0", `INSERT INTO rows (n) ${numbers(100)}`);
		await space.queryPod("db-0-2", `CREATE TABLE high (n UInt64) ENGINE = Log`);
		await space.queryPod("db-0-2", `INSERT INTO high ${numbers(50)}`);
		await db.destroy();

		const kept = "an earlier cluster 'db' left volumes of 3 replicas per shard, and";
		expect((await db.preview(at(1))).refused).toEqual([
			`replicas: ${kept} with replicas: 1 no replica would serve the data on data-db-0-1, data-db-0-2. Set replicas to 3; once the cluster serves, set replicas to 1. If you don't need that data, delete it: kubectl delete pvc data-db-0-1 data-db-0-2 -n ${space.namespace}.`,
		]);
		expect((await db.preview(at(4))).refused).toEqual([
			`replicas: ${kept} with replicas: 4 the replicas without such a volume would serve without tables. Set replicas to 3; once the cluster serves, set replicas to 4.`,
		]);
		expect(await space.api.list("statefulsets", {})).toEqual([]);
		const whose = { ...at(3), owner: "project/another/db" };
		expect((await db.preview(whose)).refused).toEqual([
			"name: the volumes of 'db' hold the data of an earlier cluster: project/stack/db destroyed it and kept the data. Set adopt to true to use the data, or choose another name.",
		]);
		const adopting = await db.preview({ ...whose, adopt: true });
		expect([adopting.refused, adopting.inputs.caveats]).toEqual([
			[],
			{ "taken over": { data: expect.stringMatching(/^project\/stack\/db destroyed .*data-db-0-0, data-db-0-1/) } },
		]);
		expect((await db.preview(at(3, { kubernetes: space.settings({ storageClass: "other" }) }))).refused).toEqual([
			expect.stringMatching(/^kubernetes\.storageClass: .*Leave storageClass out\./),
		]);
		await db.up(at(3));
		expect(await Promise.all(["db-0-0", "db-0-1", "db-0-2"].map((pod) => rows(pod, "rows")))).toEqual([100, 100, 100]);
		expect(await rows("db-0-2", "high")).toBe(50);

		await space.queryPod("db-0-2", "DROP TABLE high");
		await db.up(at(2));
		expect(await left(space)).toEqual(["data-db-0-2"]);
		await db.destroy();
		await db.up(at(2));
		expect(await rows("db-0-1", "rows")).toBe(100);
		expect(await db.up(at(3))).toMatchObject({ replicaVersions: [{}, {}, {}] });
		expect(await rows("db-0-2", "rows")).toBe(100);
		expect(await left(space)).toEqual([]);
	});

	moves("has as many shards as that", async (stage) => {
		const { space, db, at, rows } = stage;
		await db.up(at(1, { shards: 2 }));
		for (const [index, pod] of ["db-0-0", "db-1-0"].entries()) {
			await space.queryPod(pod, `CREATE TABLE rows ${replicated(`/${space.namespace}/{shard}/rows`)}`);
			await space.queryPod(pod, `INSERT INTO rows (n) ${numbers(10 + index)}`);
		}
		await db.destroy();
		expect((await db.preview(at(1))).refused).toEqual([
			`shards: an earlier cluster 'db' left volumes of 2 shards, and with shards: 1 no replica would serve the data on data-db-1-0. Set shards to 2. If you don't need that data, delete it: kubectl delete pvc data-db-1-0 -n ${space.namespace}.`,
		]);
		expect(await space.api.list("statefulsets", {})).toEqual([]);
		await db.up(at(1, { shards: 2 }));
		expect([await rows("db-0-0", "rows"), await rows("db-1-0", "rows")]).toEqual([10, 11]);
	});
});
