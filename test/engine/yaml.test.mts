import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { midway } from "./midway.mts";
import { NativeStack, opened, YamlStack } from "./native.mts";
import { expectRefused } from "./output.mts";
import { yamlProgram } from "./plugins.mts";
import { type Args, root } from "./project.mts";
import { engineFolders, newVersion, oldVersion, stack, transition } from "./stack.mts";

/** A copy of the example. */
class ExampleStack extends NativeStack {
	override write(): void {
		const text = readFileSync(join(root, "examples/yaml/Pulumi.yaml"), "utf8");
		writeFileSync(join(this.program, "Pulumi.yaml"), text);
	}
}

// A program in a language that has no dynamic providers, on the real CLI: what the plugin is for.

/** Without the CLI's own remark about where it found its host of YAML. */
const after = (output: string) => output.slice(output.indexOf("{"));
const yaml = () => opened(YamlStack);
const warning = new RegExp(`warning: ${transition.replaceAll(".", "\\.")}\n(.*\n)* +reads: SELECT keeps working\n`);

test("creates, changes nothing, warns in the short preview of what a bump does, and does it without a warning", async () => {
	const db = await yaml();
	await db.upOk();
	expect(await db.outputs()).toEqual({
		endpoint: `http://127.0.0.1:${db.port}`,
		version: oldVersion,
		state: "Started",
	});
	expect(await db.run("preview", "--expect-no-changes")).toMatchObject({ status: 0 });

	db.set({ version: newVersion });
	const short = await db.run("preview");
	expect(short.status, short.output).toBe(0);
	expect(short.output).toMatch(/update \[diff: [+~]/);
	expect(short.output).toMatch(warning);
	const json = after((await db.run("preview", "--json")).output);
	const { diagnostics = [], steps = [] } = JSON.parse(json);
	const own = diagnostics.filter(({ urn = "" }) => urn.endsWith("DbCluster::db"));
	expect(own).toMatchObject([{ severity: "warning", message: expect.stringContaining(transition) }]);
	expect(steps.find(({ op }: { op: string }) => op === "update").detailedDiff).toEqual({
		caveats: { kind: "add", inputDiff: true },
		version: { kind: "update", inputDiff: true },
	});

	const file = join(db.program, "preview.json");
	writeFileSync(file, json);
	const { output: report } = await db.dbcluster(["report", file]).ended;
	expect(report).toContain("SELECT keeps working");
	expect((await db.dbcluster(["status"]).ended).output).toContain(newVersion);

	const up = await db.upOk();
	expect(up).not.toMatch(warning);
	expect(up).toContain(`updated ${transition}`);
	expect(await db.query("SELECT version()")).toBe(newVersion);

	expectRefused(
		await db.set({ version: oldVersion }).run("preview"),
		"property version",
		`${oldVersion} is older than ${newVersion}, which the cluster runs, and a DB version never goes back.`,
	);
	expect((await db.run("destroy", "--yes", "--skip-preview")).status).toBe(0);
});

test("names all that is wrong at once, each on its property", async () => {
	const db = await yaml();
	const ran = await db.set({ replicas: 0, update: { policy: "newest" } }).run("preview");
	expectRefused(ran, "property replicas", "has a problem: update.policy: ");
});

test("finds by refresh what was updated outside the stack, and then refuses to go back", async () => {
	const db = await yaml();
	await db.upOk();
	const state = await db.state();
	await db.set({ version: newVersion }).upOk();
	await db.restore(state);
	db.set({ version: oldVersion });

	const refreshed = await db.run("refresh", "--yes", "--skip-preview", "--diff");
	expect(refreshed.status, refreshed.output).toBe(0);
	expect(refreshed.output).toMatch(new RegExp(`~ version *: "${oldVersion}" => "${newVersion}"`));
	expectRefused(await db.run("preview"), `${oldVersion} is older than ${newVersion}`);
	await db.set({ version: newVersion }).upOk();
	expect((await db.run("preview", "--expect-no-changes")).status).toBe(0);
});

test("keeps secrets, and what is worked out from them, out of the state and of previews", async () => {
	const db = await yaml();
	const word = "chdb_node.node";
	await db.set({ local: { addon: { secret: join(engineFolders.new, word) } } }).upOk();
	expect(await db.exported()).not.toContain(word);
	const { inputs, outputs } = await db.resource();
	for (const value of [inputs.endpoint, outputs.endpoint]) expect(value).toHaveProperty("ciphertext");
	const preview = await db.set({ version: newVersion }).preview();
	expect(preview.status, preview.output).toBe(0);
	expect(preview.output).not.toContain(word);
	expect(preview.output).not.toContain("SELECT keeps working");
});

test("ends on the first Ctrl-C after the replica under way, says how to go on, and goes on", async () => {
	const db = await yaml();
	await db.upOk();
	const { cli, query } = await midway(db);
	cli.kill("SIGINT");
	const { status, output } = await cli.ended;
	await query.close();
	expect(status).not.toBe(0);
	expect(output).toContain(
		`update of 'db' to ${newVersion} stopped with 1 of 2 replicas updated. This run was cancelled.`,
	);
	expect(output).toContain("Next: run pulumi up again: it resumes from here.");
	expect(db.record().cluster?.mark).toMatchObject({ from: oldVersion, to: newVersion });
	expect(await db.query("SELECT 1")).toBe("1");
	expect(await db.upOk()).toContain(`resuming ${transition}: 1 replica left`);
	expect(await db.query("SELECT version()")).toBe(newVersion);
});

test("keeps its cluster when the stack is renamed, and carries out a saved plan and a targeted update", async () => {
	const db = await yaml();
	await db.upOk();
	await db.rename("renamed");
	const plan = join(db.folder, "plan.json");
	const preview = await db.set({ version: newVersion }).preview("--save-plan", plan);
	expect(preview.status, preview.output).toBe(0);
	expect(preview.output).toMatch(/~ owner *: "test\/test\/db" => "test\/renamed\/db"/);
	expect(await db.upOk("--plan", plan)).toContain(`updated ${transition}`);
	const target = "urn:pulumi:renamed::test::dbcluster:index:DbCluster::db";
	expect(await db.set({ update: { drainSeconds: 9 } }).upOk("--target", target)).toContain("1 updated");
	expect((await db.run("preview", "--expect-no-changes")).status).toBe(0);
});

/** A program whose second cluster has a folder that is known once the first one runs. */
class ChainedStack extends NativeStack {
	override write(): void {
		const program = yamlProgram("dbcluster:DbCluster", this.args, ["endpoint"]) as { resources: Record<string, Args> };
		const { port: _, ...local } = this.args.local as Args;
		const directory = join(this.folder, `beside-\${db.state}`);
		const properties = { ...this.args, replicas: 1, local: { ...local, directory } };
		const resources = { ...program.resources, second: { type: "dbcluster:DbCluster", properties } };
		this.document({ ...program, resources } as Args);
	}
}

test("checks in up what a preview can't know", async () => {
	const db = await opened(ChainedStack);
	const preview = await db.preview();
	expect(preview.status, preview.output).toBe(0);
	expect(preview.output).toContain("+ 3 to create");
	await db.upOk();
	const { deployment } = await db.state();
	expect(deployment.resources.at(-1)?.id).toBe(`local:${join(db.folder, "beside-Started")}/second`);
	expect((await db.run("preview", "--expect-no-changes")).status).toBe(0);
});

test("the state of one resource is at most 0.35 of the dynamic one's", async () => {
	const db = await yaml();
	await db.upOk();
	const dynamic = await stack();
	await dynamic.upOk();
	const [mine, theirs] = (await Promise.all([db.resource(), dynamic.resource()])).map(
		({ inputs, outputs }) => JSON.stringify({ inputs, outputs }).length,
	);
	expect((mine ?? Number.NaN) / (theirs ?? Number.NaN)).toBeLessThanOrEqual(0.35);
});

test("examples/yaml runs as it stands", async () => {
	const db = await opened(ExampleStack);
	for (const [key, value] of Object.entries({ directory: db.cluster, port: String(db.port) }))
		await db.run("config", "set", key, value);
	await db.upOk();
	expect(await db.outputs()).toMatchObject({ endpoint: `http://127.0.0.1:${db.port}`, version: newVersion });
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect((await db.run("preview", "--expect-no-changes")).status).toBe(0);
});
