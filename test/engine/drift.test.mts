import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesOf, until } from "../../tools/processes.mts";
import { expectRefused } from "./output.mts";
import { newVersion, oldVersion, type Stack, stack } from "./stack.mts";

const urn = "urn:pulumi:test::test::pulumi-nodejs:dynamic/dbcluster:DbCluster::db";

/** A cluster of the old version with some rows. */
async function filled(): Promise<Stack> {
	const db = await stack();
	await db.upOk();
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");
	return db;
}

async function expectNewAndWhole(db: Stack): Promise<void> {
	expect(await db.query("SELECT version(), count(), sum(n) FROM t")).toBe(`${newVersion}\t1000\t499500`);
}

/** An update that this stack's state knows nothing of. */
async function updateBehindItsBack(db: Stack): Promise<void> {
	const state = await db.state();
	await db.set({ version: newVersion }).upOk();
	await db.restore(state);
	db.set({ version: oldVersion });
}

test("finds by refresh an update made behind Pulumi's back, and then refuses to go back", async () => {
	const db = await filled();
	await updateBehindItsBack(db);

	expect(await db.run("refresh", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
	// The stack's own outputs wait for the next run of the program.
	expect((await db.resource()).outputs).toMatchObject({ version: newVersion, updateAvailable: false });
	const back = await db.preview();
	expect(back.status).not.toBe(0);
	expect(back.output).toContain(`${oldVersion} is older than ${newVersion}, which the cluster runs`);
	expect(back.output).toContain(`Set version to ${newVersion} or later.`);

	await db.set({ version: newVersion }).upOk();
	await expectNewAndWhole(db);
});

test("finds by refresh that the folder of a running cluster was removed, and creates the cluster again", async () => {
	const db = await filled();
	// Again, where it says that something was made in a folder meanwhile.
	await until(() => spawnSync("rm", ["-rf", db.cluster]).status === 0);
	expect(await db.run("refresh", "--yes", "--skip-preview")).toMatchObject({ status: 0 });
	await db.upOk();
	expect(await db.query("SELECT version(), count() FROM system.tables WHERE name = 't'")).toBe(`${oldVersion}\t0`);
	// One router and two replicas, and nobody of before.
	await until(async () => (await processesOf(db.cluster)).length === 3);
});

test("does not go back where the state was edited to say that it never went forward", async () => {
	const db = await filled();
	await db.set({ version: newVersion }).upOk();
	await db.edit(({ inputs, outputs }) => {
		inputs.version = oldVersion;
		outputs.version = oldVersion;
	});

	await db.set({ version: oldVersion }).up();
	await expectNewAndWhole(db);
	await db.set({ version: newVersion }).upOk();
	await expectNewAndWhole(db);
	expect(await db.outputs()).toMatchObject({ version: newVersion });
});

test("keeps version and data when the resource is replaced", async () => {
	const db = await filled();
	await db.set({ version: newVersion }).upOk();

	await db.upOk("--replace", urn);
	await expectNewAndWhole(db);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);

	const back = await db.set({ version: oldVersion }).up("--replace", urn);
	expect(back.status).not.toBe(0);
	expect(back.output).toContain("a DB version never goes back");
	await expectNewAndWhole(db);
});

test("refuses to take a cluster that another resource owns, unless it is to be adopted", async () => {
	const db = await filled();
	const other = await stack();
	other.set({ name: "db", local: { directory: db.cluster, port: db.port } });
	await other.rename("other");

	const taken = await other.preview();
	expect(taken.status).not.toBe(0);
	expect(taken.output).toContain("already exists and belongs to test/test/db. Set adopt to true");

	await other.set({ adopt: true }).upOk();
	expect(await db.query("SELECT count() FROM t")).toBe("1000");
	// The former owner does not touch it any more, and does not take it down either.
	expect((await db.run("destroy", "--yes", "--skip-preview")).status).toBe(0);
	expect(await db.query("SELECT count() FROM t")).toBe("1000");
});

test("goes on owning its cluster after the stack was renamed", async () => {
	const db = await filled();
	await db.rename("renamed");

	await db.set({ version: newVersion }).upOk();
	await expectNewAndWhole(db);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("keeps its cluster when the resource is renamed with an alias, and says how", async () => {
	const db = await filled();
	writeFileSync(
		join(db.program, "index.js"),
		`const { DbCluster } = require("pulumi-dbcluster");
		new DbCluster("renamed", require("./args.json"), { aliases: [{ name: "db" }] });`,
	);

	expectRefused(await db.preview(), 'Set name to "db" to keep this cluster');
	await db.set({ name: "db", version: newVersion }).upOk();
	await expectNewAndWhole(db);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});

test("keeps its cluster when the resource is declared under a parent and no alias says so", async () => {
	const db = await filled();
	await db.set({ deletionPolicy: "Delete" }).upOk();
	writeFileSync(
		join(db.program, "index.js"),
		`const { ComponentResource } = require("@pulumi/pulumi");
		const { DbCluster } = require("pulumi-dbcluster");
		new DbCluster("db", require("./args.json"), { parent: new ComponentResource("shop:Shop", "shop") });`,
	);

	// A create, which takes the cluster up, and then a delete of the former resource.
	const kept =
		"already exists: this create keeps the cluster and its data, and a delete of its former resource after the create";
	expect((await db.set({ version: newVersion }).preview()).output).toContain(`db ${kept} does not delete the cluster.`);
	// The caveat, which the report of a preview shows, too.
	expect((await db.preview("--diff")).output).toMatch(new RegExp(`cluster *: "${kept} does not delete the cluster"`));
	const preview = join(db.program, "preview.json");
	writeFileSync(preview, (await db.run("preview", "--json")).output);
	const { output } = await db.dbcluster(["report", preview]).ended;
	expect(output).toContain("Nothing is deleted: another resource in this preview is created for the same cluster");
	expect(output).not.toContain("Its data is deleted");
	expect(await db.set({ version: newVersion }).upOk()).toContain("deleted");
	await expectNewAndWhole(db);
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});
