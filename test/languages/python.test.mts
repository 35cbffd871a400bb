import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { plugins as archived } from "../../tools/archives.mts";
import { kubeconfig } from "../engine/kubeconfig.mts";
import { opened } from "../engine/native.mts";
import { expectRefused } from "../engine/output.mts";
import { standIns } from "../engine/plugins.mts";
import { type Args, root } from "../engine/project.mts";
import { archiveOf, type ReleaseHost, releaseHost } from "../engine/release-host.mts";
import { newVersion, oldVersion, transition } from "../engine/stack.mts";
import { documented, LanguageStack } from "./stack.mts";

const python = inject("python");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

class PythonStack extends LanguageStack {
	constructor(port: number) {
		super(port, python);
		this.project({ name: "python" });
		copyFileSync(join(import.meta.dirname, "program.py"), join(this.program, "__main__.py"));
	}
}

class DocumentedStack extends PythonStack {
	override write(): void {
		writeFileSync(join(this.program, "__main__.py"), documented("python"));
	}
}

class ExampleStack extends LanguageStack {
	constructor(port: number) {
		super(port, python);
		for (const file of ["Pulumi.yaml", "__main__.py"])
			copyFileSync(join(root, "examples/python", file), join(this.program, file));
	}
}

/** Nothing says where the plugins are: Pulumi has to have them from a release. */
class FetchingStack extends PythonStack {
	protected override document({ plugins: _, ...document }: Args): void {
		super.document(document);
	}
}

/** No cluster is needed: a first preview judges nothing that is still to be made. */
class ComponentStack extends FetchingStack {
	constructor(port: number) {
		super(port);
		copyFileSync(join(import.meta.dirname, "component.py"), join(this.program, "__main__.py"));
		this.env.KUBECONFIG = join(this.folder, "kubeconfig");
		writeFileSync(this.env.KUBECONFIG, kubeconfig);
		standIns(join(this.folder, "pulumi"));
	}
}

describe.skipIf(python.missing !== undefined)(
	`a program in Python${python.missing ? `: ${python.missing}` : ""}`,
	() => {
		test("creates, is warned of what a bump does, updates, is refused the way back, and destroys", async () => {
			const db = await opened(PythonStack);
			await db.upOk();
			expect(await db.outputs()).toEqual({
				endpoint: `http://127.0.0.1:${db.port}`,
				name: "DB",
				updateAvailable: true,
				versions: { "db-0-0": oldVersion, "db-0-1": oldVersion },
				drain: 5,
				policy: "any",
			});
			expect(await db.run("preview", "--expect-no-changes")).toMatchObject({ status: 0 });

			const short = await db.set({ version: newVersion }).run("preview");
			expect(short.status, short.output).toBe(0);
			expect(short.output).toContain(`warning: ${transition}`);
			expect(short.output).toMatch(/^ +reads: SELECT keeps working$/m);
			await db.upOk();
			expect(await db.query("SELECT version()")).toBe(newVersion);
			expect(await db.outputs()).toMatchObject({
				updateAvailable: false,
				versions: { "db-0-0": newVersion, "db-0-1": newVersion },
				from: oldVersion,
				restarted: ["db-0-1", "db-0-0"],
			});

			expectRefused(
				await db.set({ version: oldVersion }).run("preview"),
				"property version",
				`${oldVersion} is older than ${newVersion}, which the cluster runs, and a DB version never goes back.`,
			);
			const destroyed = await db.run("destroy", "--yes", "--skip-preview");
			expect(destroyed.status, destroyed.output).toBe(0);
			expect(existsSync(db.cluster)).toBe(false);
		});

		let host: ReleaseHost;
		beforeAll(async () => {
			host = await releaseHost(archived);
		});
		afterAll(() => host?.close());

		test("is refused a number that the SDK takes, with the name that the schema has for it, by a plugin that the CLI fetches", async () => {
			const db = (await opened(FetchingStack)).fetches().set({ options: { version, plugin_download_url: host.url } });
			expectRefused(await db.set({ drainSeconds: -1 }).run("preview"), "has a problem: update.drainSeconds");
			expect(host.asked).toEqual([`/${archiveOf("pulumi-resource-dbcluster")}`]);
		});

		test("previews a KubernetesDbCluster with all that it makes, and is refused a wrong one, by plugins from a release", async () => {
			const db = await opened(ComponentStack);
			for (const plugin of archived) {
				const name = plugin.replace("pulumi-resource-", "");
				const { status, output } = await db.run("plugin", "install", "resource", name, version, "--server", host.url);
				expect(status, output).toBe(0);
			}
			const preview = await db.preview();
			expect(preview.status, preview.output).toBe(0);
			for (const type of ["dbcluster-kubernetes:index:KubernetesDbCluster", "dbcluster:index:DbCluster"])
				expect(preview.output).toContain(`+ ${type}: (create)`);
			expect(preview.output).toMatch(/deletionPolicy *: "Delete"/);
			expect(preview.output).toMatch(/drainSeconds *: 5/);
			expect(preview.output).toContain('"10.0.0.0/28"');

			const refused = await db.set({ replicas: 0 }).run("preview");
			expectRefused(refused, "KubernetesDbCluster 'db' can't be declared:", "  replicas: ");
		});

		test("the program of docs/languages.md previews as it stands", async () => {
			const { status, output } = await (await opened(DocumentedStack)).preview();
			expect(status, output).toBe(0);
			expect(output).toContain("+ dbcluster:index:DbCluster: (create)");
		});

		test("examples/python runs as it stands", async () => {
			const db = await opened(ExampleStack);
			for (const [key, value] of Object.entries({ directory: db.cluster, port: String(db.port) }))
				await db.run("config", "set", key, value);
			await db.upOk();
			expect(await db.outputs()).toMatchObject({
				endpoint: `http://127.0.0.1:${db.port}`,
				versions: { "analytics-0-0": newVersion, "analytics-0-1": newVersion },
			});
			expect(await db.query("SELECT version()")).toBe(newVersion);
			expect((await db.run("preview", "--expect-no-changes")).status).toBe(0);
		});
	},
);
