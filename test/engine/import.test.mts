import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { opened, YamlStack } from "./native.mts";
import { expectRefused } from "./output.mts";
import { plugins } from "./plugins.mts";
import type { Args } from "./project.mts";
import { newVersion, oldVersion, type Stack, stack, transition } from "./stack.mts";

/** A program that at first declares nothing, then what an import printed. */
class ImportingStack extends YamlStack {
	resources: Record<string, { properties?: Record<string, unknown>; [option: string]: unknown }> = {};

	override write(): void {
		this.document({ name: "test", runtime: "yaml", plugins, resources: this.resources as Args });
	}

	/** `pulumi import` of a cluster that another stack made; the printed code becomes the program. */
	async import({ cluster }: Stack, name: string): Promise<string> {
		const file = join(this.program, "printed.yaml");
		const ran = await this.run(
			"import",
			"dbcluster:index:DbCluster",
			name,
			`local:${cluster}/db`,
			"--yes",
			"--out",
			file,
		);
		expect(ran.status, ran.output).toBe(0);
		this.resources = (load(readFileSync(file, "utf8")) as Pick<ImportingStack, "resources">).resources;
		return ran.output;
	}
}

const importing = () => opened(ImportingStack);

test("the printed program previews to no change, and what another resource has is taken over by the next update", async () => {
	const first = await stack({ replicas: 3, update: { drainSeconds: 7, stallSeconds: 40 } });
	await first.upOk();
	const db = await importing();
	const said = await db.import(first, "adopted");
	expect(said).toContain("db belongs to test/test/db, so the import set adopt: true.");
	expect(said).toContain("versions, deletionPolicy and desiredState are not stored with a cluster");
	const properties = db.resources.adopted?.properties ?? {};
	expect(properties).toMatchObject({
		version: oldVersion,
		replicas: 3,
		adopt: true,
		update: { drainSeconds: 7, stallSeconds: 40 },
		local: { directory: first.cluster, port: first.port },
	});
	const same = await db.preview("--expect-no-changes");
	expect(same.status, same.output).toBe(0);

	properties.version = newVersion;
	expect(await db.upOk()).toContain(`updated ${transition}`);
	expect(await first.query("SELECT version()")).toBe(newVersion);
	expectRefused(await first.preview(), "belongs to test/test/adopted");
});

test("a cluster that its own stack has lost comes back as it was", async () => {
	const first = await stack();
	await first.upOk();
	const db = await importing();
	const said = await db.import(first, "db");
	expect(said).not.toContain("adopt");
	expect(db.resources.db?.properties).not.toHaveProperty("adopt");
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
	expect((await db.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")).status).toBe(0);
});

test("a program that only reads the cluster, with get, is given its outputs and no advice for an import", async () => {
	const first = await stack();
	await first.upOk();
	const db = await importing();
	db.resources = { theirs: { type: "dbcluster:DbCluster", get: { id: `local:${first.cluster}/db` } } };
	const said = await db.upOk();
	expect(said).toContain("read dbcluster:index:DbCluster theirs");
	expect(said).not.toContain("adopt");
	expect(await db.exported()).toContain(`"endpoint": "http://127.0.0.1:${first.port}"`);
});

test("an id that is none says what one looks like, and one that leads nowhere what there is", async () => {
	const db = await importing();
	const attempt = (id: string) => db.run("import", "dbcluster:index:DbCluster", "db", id, "--yes");
	expectRefused(
		await attempt("nonsense"),
		'"nonsense" is not the id of a cluster. An id has one of these forms: (1) local:FOLDER/NAME',
		"kubernetes:",
	);
	expectRefused(await attempt(`local:${db.cluster}/db`), db.cluster);
});
