import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NativeStack, opened } from "./native.mts";
import { yamlProgram } from "./plugins.mts";
import { type Args, root } from "./project.mts";
import { archiveOf, type ReleaseHost, releaseHost } from "./release-host.mts";
import { newVersion, transition } from "./stack.mts";

// The ways in docs/languages.md by which the real CLI gets the plugin from a release, and a schema or an SDK from it.

const plugin = "pulumi-resource-dbcluster";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const schema = JSON.parse(readFileSync(join(root, "src/pulumi/native/schema.json"), "utf8"));
const argumentsIn = ({ resources }: typeof schema) =>
	Object.keys(resources["dbcluster:index:DbCluster"].inputProperties).sort();
const archive = archiveOf(plugin);

let host: ReleaseHost;

beforeAll(async () => {
	host = await releaseHost([plugin]);
});
afterAll(() => host?.close());

/** A program in YAML that says nothing of the plugin but, at most, where it is to be had. */
class FetchingStack extends NativeStack {
	options: Args = {};
	readonly plugins = join(this.folder, "pulumi", "plugins");

	override write(): void {
		const { resources, ...program } = yamlProgram("dbcluster:DbCluster", this.args, ["endpoint", "version"]);
		const { db } = resources as { db: Args };
		this.document({ ...program, plugins: undefined, resources: { db: { ...db, options: this.options } } });
	}
}

const ok = async (ran: ReturnType<NativeStack["run"]>): Promise<string> => {
	const { status, output } = await ran;
	expect(status, output).toBe(0);
	return output;
};

/** The document that a command prints, without the CLI's remarks before it. */
const json = (output: string) => JSON.parse(output.slice(output.indexOf("\n{") + 1));

test("pulumi plugin install gets the plugin from a server or a file, and then its schema and SDK are to be had", async () => {
	const db = await opened(FetchingStack);
	const install = ["install", "resource", "dbcluster", version];
	await ok(db.run("plugin", ...install, "--file", join(host.folder, archive)));
	await ok(db.run("plugin", "rm", "resource", "dbcluster", version, "--yes"));
	await ok(db.run("plugin", ...install, "--server", host.url));
	expect(host.asked).toContain(`/${archive}`);

	const installed = join(db.plugins, `resource-dbcluster-v${version}`);
	for (const named of ["dbcluster", join(installed, plugin)]) {
		const got = json(`\n${await ok(db.run("package", "get-schema", named))}`);
		// The CLI leaves out what is empty.
		expect(got).toMatchObject({ name: schema.name, version });
		expect(argumentsIn(got)).toEqual(argumentsIn(schema));
	}
	// What a cluster on Kubernetes needs is in the archive, too.
	const { KubeConfig } = createRequire(join(installed, plugin))("@kubernetes/client-node");
	expect(typeof KubeConfig).toBe("function");

	const sdk = join(db.program, "sdks/dbcluster", `dbcluster-${version}.yaml`);
	for (const named of ["dbcluster", join(installed, plugin), join(root, "src/pulumi/native/schema.json")]) {
		rmSync(sdk, { force: true });
		// The host of YAML that can be had here is older than this CLI, which asks it to record the package in Pulumi.yaml.
		const { output } = await db.run("package", "add", named);
		expect(output).toContain("Successfully generated an SDK for the dbcluster package");
		expect(readFileSync(sdk, "utf8")).toMatch(`name: dbcluster\nversion: ${version}`);
	}
	expect(await ok(db.preview())).toContain("+ dbcluster:index:DbCluster: (create)");
});

test("pluginDownloadURL makes the CLI fetch the plugin by itself, which does all from there", async () => {
	const db = (await opened(FetchingStack)).fetches();
	const before = host.asked.length;
	db.options = { version, pluginDownloadURL: host.url };
	await db.upOk();
	expect(host.asked.slice(before)).toEqual([`/${archive}`]);
	await ok(db.run("preview", "--expect-no-changes"));
	expect(await db.set({ version: newVersion }).upOk()).toContain(`updated ${transition}`);
	expect(await db.query("SELECT version()")).toBe(newVersion);
	await ok(db.run("destroy", "--yes", "--skip-preview"));
	expect(host.asked.slice(before)).toEqual([`/${archive}`]);
});
