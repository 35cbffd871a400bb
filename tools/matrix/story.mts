import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../port.mts";
import { processesOf, until } from "../processes.mts";
import { Database } from "../quickstart/clients.mts";
import type { CellProject, Face } from "./project.mts";

const from = "26.5.1.1";
const to = "26.7.2.1";
const rows = 1000;

/**
 * The quickstart, in a face: preview, up, a bump that is previewed and done, a downgrade that is refused, destroy.
 *
 * @throws if anything is other than promised; the message holds what the CLI printed.
 */
export async function localStory(project: CellProject, face: Face): Promise<void> {
	const directory = join(project.folder, "cluster");
	const port = await freePort();
	const database = new Database(port);
	project.write(face);
	await project.must("stack", "init", face);
	const config = { directory, port: String(port), deletionPolicy: "Delete", version: from };
	const set = (values: Readonly<Record<string, string>>) =>
		project.must(
			"config",
			"set-all",
			...Object.entries(values).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]),
		);
	await set(config);

	match(await project.must("preview"), /DbCluster +quickstart +create/);
	strictEqual(existsSync(directory), false);
	match(await project.must("up", "--yes", "--skip-preview"), /\+ 2 created/);
	strictEqual(await database.run("SELECT version()"), from);
	await database.fill(rows);

	await set({ version: to });
	const preview = await project.must("preview", "--diff");
	match(preview, /26\.5\.1\.1 -> 26\.7\.2\.1/);
	match(preview, /reads *: "SELECT keeps working"/);
	strictEqual(await database.run("SELECT version()"), from);
	match(await project.must("up", "--yes", "--skip-preview"), /updated 26\.5\.1\.1 -> 26\.7\.2\.1/);
	strictEqual(await database.run("SELECT version()"), to);
	ok(await database.holdsExactly(rows));

	await set({ version: from });
	await refused(project);

	await project.must("destroy", "--yes", "--skip-preview");
	strictEqual(existsSync(directory), false);
	await until(async () => (await processesOf(project.folder)).length === 0);
	deepStrictEqual(await processesOf(project.folder), []);
	await project.must("stack", "rm", "--yes");
}

async function refused(project: CellProject): Promise<void> {
	const { status, output } = await project.pulumi("preview");
	notStrictEqual(status, 0);
	match(output, /never goes back.*\[no-downgrade\]/s);
}
