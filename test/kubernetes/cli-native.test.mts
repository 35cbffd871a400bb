/** A program in YAML, which has no dynamic resources, and a cluster on Kubernetes, both on the real thing. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plugins } from "../engine/plugins.mts";
import type { Args } from "../engine/project.mts";
import { Space, unavailable } from "./harness.ts";
import { startLoad } from "./load.ts";
import { YamlProject } from "./projects.mts";
import { makeRows } from "./tables.ts";

class Importing extends YamlProject {
	/** What the program declares in the place of the cluster of the arguments. */
	imported: Args | undefined;

	protected override document(): Args {
		return this.imported ? { name: "test", runtime: "yaml", plugins, ...this.imported } : super.document();
	}
}

describe.skipIf(unavailable !== undefined)("a cluster on Kubernetes that a program in YAML declares", () => {
	const replicas = ["db-0-0", "db-0-1"];
	let space: Space;
	let project: Importing;
	beforeAll(async () => {
		space = await Space.open();
		project = new Importing(space);
		await project.set({ version: "1.7.1" }).init();
	});
	afterAll(async () => {
		await project?.remove();
		await space?.close();
	});

	test("is made, and its short preview warns of what an update does", async () => {
		await project.upOk();
		expect(await project.run("preview", "--expect-no-changes")).toMatchObject({ status: 0 });
		const preview = await project.set({ version: "1.8.0" }).run("preview");
		expect(preview.status, preview.output).toBe(0);
		expect(preview.output).toMatch(/warning: 1\.7\.1 -> 1\.8\.0\n(.*\n)* +reads: SELECT keeps working\n/);
		expect(preview.output).toContain("rehearsed: no; pulumi up does that before it changes anything");
	});

	test("is updated while every SELECT is answered, and its state keeps the kubeconfig to itself", async () => {
		await makeRows(space, replicas);
		const endpoint = await space.endpoint("db");
		await space.reachable("db");
		const load = startLoad({ endpoint, table: "rows" });
		const said = await project.upOk();
		const { failedSelects, selects } = await load.stop();
		expect(said).toContain("updated 1.7.1 -> 1.8.0");
		expect({ failedSelects, some: selects > 0 }).toEqual({ failedSelects: [], some: true });
		const { users } = JSON.parse(String(space.given().kubeconfig));
		expect(users[0].user.token).toMatch(/^\S{100,}$/);
		expect(await project.exported()).not.toContain(users[0].user.token);
	});

	test("is imported by another program, which has nothing to change", async () => {
		const other = new Importing(space);
		try {
			other.imported = {};
			const kubeconfig = join(other.folder, "kubeconfig");
			writeFileSync(kubeconfig, String(space.given().kubeconfig), { mode: 0o600 });
			other.environment.KUBECONFIG = kubeconfig;
			await other.init();
			const file = join(other.folder, "printed.yaml");
			const id = `kubernetes:${space.namespace}/db`;
			const ran = await other.run("import", "dbcluster:index:DbCluster", "found", id, "--yes", "--out", file);
			expect(ran.status, ran.output).toBe(0);
			other.imported = load(readFileSync(file, "utf8")) as Args;
			const same = await other.run("preview", "--expect-no-changes");
			expect(same.status, same.output).toBe(0);
		} finally {
			await other.remove();
		}
	});
});
