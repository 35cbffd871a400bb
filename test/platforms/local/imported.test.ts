import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { localPlatform } from "../../../src/platforms/local";
import { freshCluster } from "../../../src/platforms/local/changes";
import { localImporting } from "../../../src/platforms/local/imported";
import { engineChoice } from "../../../src/platforms/local/installed";
import { folderOf, type LocalSettings, place, portOf, readSettings } from "../../../src/platforms/local/settings";
import { Store } from "../../../src/platforms/local/store";
import { type Imported, imported } from "../../../src/pulumi/apply/imported";
import { withoutDefaults } from "../../../src/pulumi/args/without-defaults";
import * as provider from "../../../src/pulumi/provider";
import { reasonsIn } from "../../reasons";
import { engines, LocalPlace, v, versions } from "./place";

let root = "";
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "dbcluster-import-"));
	// The home is where clusters are whose directory is not given.
	vi.stubEnv("HOME", join(root, "home"));
});
afterAll(() => {
	vi.unstubAllEnvs();
	rmSync(root, { recursive: true, force: true });
});

function read(given: Readonly<Record<string, unknown>>): LocalSettings {
	const found = readSettings(given);
	if ("problems" in found) throw new Error(JSON.stringify(found.problems));
	return found.settings;
}

/** Writes the record that a create writes; starts nothing. */
async function recorded(settings: LocalSettings, name = "db"): Promise<void> {
	const spec = { name, owner: "p/s/db", generation: "g", version: v("26.7.2.1"), shards: 1, replicas: 2, settings };
	const cluster = freshCluster(spec, portOf(name, settings), await engineChoice(settings));
	await new Store(folderOf(name, settings)).change((record) => ({ ...record, cluster }), "make");
}

const given = async (where: string, name = "db") =>
	withoutDefaults((await localImporting.find(where, name)).given, localPlatform.read);

describe("the record of a local cluster", () => {
	test("gives the arguments that it was made with, in as few words as they need", async () => {
		let count = 0;
		const written = fc.record(
			{
				directory: fc.constantFrom("clusters/a", "./b c", "c="),
				port: fc.integer({ min: 1024, max: 65_535 }),
				idleAfterSeconds: fc.constantFrom(0, 1, 900),
				engines: fc.constantFrom<Record<string, string>>(
					engines,
					{ "26.5.1.1": "engine-26.5-linux-x64" },
					{ "26.7.2.1": "/opt/engine" },
				),
				addon: fc.constantFrom("/opt/chdb_node.node"),
			},
			{ requiredKeys: [] },
		);
		await fc.assert(
			fc.asyncProperty(written, async (args) => {
				const folder = join(root, `${count++}`);
				vi.stubEnv("HOME", join(folder, "home"));
				const whole = { ...args, ...(args.directory !== undefined && { directory: join(folder, args.directory) }) };
				const settings = read(whole);
				await recorded(settings);
				const found = await given(place(settings));
				const { idleAfterSeconds, ...rest } = whole;
				expect(found).toEqual({ ...rest, ...(idleAfterSeconds && { idleAfterSeconds }) });
			}),
			{ numRuns: 60 },
		);
	});

	test("names no engine that a program need not name, nor a folder where a package's name will do", async () => {
		const directory = join(root, "engines");
		await recorded(read({ directory, engines: { "26.7.2.1": "./node_modules/@chdb/lib-linux-x64-gnu" } }));
		expect(await given(directory)).toEqual({ directory });
		const two = { "26.5.1.1": "./node_modules/engine-26.5-linux-x64", "26.7.2.1": "@chdb/lib-linux-x64-gnu" };
		await recorded(read({ directory, engines: two }));
		expect(await given(directory)).toEqual({
			directory,
			engines: { "26.5.1.1": "engine-26.5-linux-x64", "26.7.2.1": "@chdb/lib-linux-x64-gnu" },
		});
	});

	test("is found in the default folder, also if the program names that folder", async () => {
		const named = read({ directory: "~/.pulumi-dbcluster", engines });
		const unnamed = read({ engines });
		expect(place(named)).toBe(place(unnamed));
		vi.stubEnv("HOME", join(root, "home-named"));
		await recorded(named);
		expect(await given(place(named))).toEqual({ directory: "~/.pulumi-dbcluster", engines });
		vi.stubEnv("HOME", join(root, "home-unnamed"));
		await recorded(unnamed);
		expect(await given(place(unnamed))).toEqual({ engines });
	});
});

describe("a folder without the cluster", () => {
	const refusal = (id: string) =>
		imported(id, "p/s/db").then(
			() => "it was imported",
			(error: Error) => error.message,
		);

	test("is told to have none, and where there is one", async () => {
		const directory = join(root, "has", "one");
		await recorded(read({ directory, engines }));
		expect(await refusal(`local:${directory}/other`)).toBe(
			`there is no cluster other in ${directory}. The folder holds db. To import db, use the id local:${directory}/db.`,
		);
		expect(await refusal(`local:${directory}`)).toBe(
			`there is no cluster one in ${join(root, "has")}. ${directory} is the folder of the cluster db. To import db, use the id local:${directory}/db.`,
		);
		expect(await refusal(`local:${root}/none/db`)).toBe(
			`there is no cluster db in ${root}/none: the folder has no record (cluster.json). An id is local:FOLDER/NAME, such as local:./data/analytics; a relative FOLDER is taken from the program's folder.`,
		);
		expect(await refusal(`local:${directory}/db=a,b`)).toBe(
			`a local cluster has no StatefulSets. In the id, leave out = and what follows: local:${directory}/db.`,
		);
	});

	test("is told to hold the data of a cluster that was destroyed", async () => {
		const directory = join(root, "destroyed");
		const retained = { name: "db", owner: "p/s/former", replicas: 2 };
		await new Store(directory).change((record) => ({ ...record, retained }), "make");
		expect(await refusal(`local:${directory}/db`)).toMatch(/it was destroyed, and its data was kept\. .* p\/s\/former/);
	});

	test("that can't be read is told why", async () => {
		const unreadable = join(root, "unreadable");
		mkdirSync(join(unreadable, "cluster.json"), { recursive: true });
		expect(await refusal(`local:${unreadable}/db`)).toBe(`the cluster's folder ${unreadable} can't be used: EISDIR.`);
		const broken = join(root, "broken");
		mkdirSync(broken);
		writeFileSync(join(broken, "cluster.json"), "{");
		expect(await refusal(`local:${broken}/db`)).toContain("is not a cluster's record");
	});

	test("of the system has none, which is said of the folder: the id is one", async () => {
		expect(await refusal("local:/etc/db")).toMatch(/^"\/etc" belongs to the system/);
	});

	test("is no id at all: one answer shows ids of every platform", async () => {
		const said = await refusal("nonsense");
		expect(said).toMatch(
			/^"nonsense" is not the id of a cluster\. An id has one of these forms: \(1\) local:FOLDER\/NAME, such as local:.*; \(2\) kubernetes:NAMESPACE\/NAME, such as kubernetes:db\/analytics.*; \(3\) for existing StatefulSets, .*\.$/,
		);
		for (const id of ["local:db", "local:/x/DB", "kubernetes:db", "kubernetes:My Space/db", "kubernetes:/db/a"])
			expect(await refusal(id)).toBe(said.replace("nonsense", id));
	});
});

test("a running cluster is imported by another program, which then updates and destroys it", async () => {
	const local = await LocalPlace.open();
	try {
		const { engines, port, directory } = local.settings;
		const args = {
			name: "db",
			owner: "p/s/db",
			version: versions.v1,
			replicas: 2,
			update: { drainSeconds: 5, window: { schedule: "* * * * *", minutes: 60 } },
			local: { engines, port, directory },
		};
		const first = await provider.check({}, args);
		const made = await provider.create(first.inputs ?? {});
		await local.sql("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a");
		await local.sql("INSERT INTO t VALUES (1)");

		const found: Imported = await imported(made.id, "other/stack/adopted");
		expect(found.id).toBe(made.id);
		expect(found.inputs).toEqual({
			...args,
			owner: "other/stack/adopted",
			adopt: true,
			endpoint: local.url,
		});
		const { inputs, failures } = await provider.check(found.inputs, found.inputs);
		expect(reasonsIn(failures ?? [])).toEqual([]);
		expect(await provider.diff(found.id, found.outputs, inputs ?? {})).toMatchObject({ changes: false });

		const next = await provider.check(found.inputs, { ...found.inputs, version: versions.v2 });
		expect(reasonsIn(next.failures ?? [])).toEqual([]);
		const { outs = {} } = await provider.update(found.id, found.outputs, next.inputs ?? {});
		expect(outs).toMatchObject({ version: versions.v2, previousVersion: versions.v1, state: "Started" });
		expect(await local.sql("SELECT count() FROM t")).toBe("1");

		// The former resource has lost it.
		await provider.delete(made.id, { ...first.inputs, ...made.outs });
		expect((await local.control().record())?.owner).toBe("other/stack/adopted");
		const again = await imported(made.id, "other/stack/adopted");
		expect(again.inputs).not.toHaveProperty("adopt");
		await provider.delete(found.id, outs);
		expect(await local.control().record()).toBeUndefined();
	} finally {
		await local.close();
	}
});
