import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Api } from "../../dist/platforms/kubernetes/api/api.js";
import type { StatefulSet } from "../../dist/platforms/kubernetes/api/types.js";
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

/** A cluster whose pods are never wanted: an API server is enough for it. Its image is nowhere, so it is not asked for. */
const stopped = (namespace: string) => `
import * as pulumi from "@pulumi/pulumi";
import { DbCluster } from "pulumi-dbcluster";

const config = new pulumi.Config();
export const { state, version } = new DbCluster("db", {
	version: config.require("version"),
	desiredState: "Stopped",
	deletionPolicy: "Delete",
	versions: { list: [{ version: "1.7.1" }, { version: "1.8.0" }] },
	update: { rehearsal: { policy: "off" } },
	kubernetes: {
		namespace: "${namespace}",
		image: "127.0.0.1:1/clickhouse",
		keeper: ["keeper:2181"],
		storage: "1Gi",
		resources: { requests: { cpu: "1", memory: "1Gi" } },
		user: "app",
		passwordSecret: { name: "db-password" },
	},
});
`;

/** The same on an API server that has no node, of a cluster that is stopped. */
export async function apiStory(project: CellProject, face: Face, api: Api): Promise<void> {
	project.write(face, stopped(api.namespace));
	const password = {
		apiVersion: "v1",
		kind: "Secret",
		metadata: { name: "db-password" },
		stringData: { password: "matrix" },
	};
	if ((await api.get("secrets", "db-password")) === undefined) await api.create("secrets", password);
	await project.must("stack", "init", face);
	await project.must("config", "set", "version", "1.7.1");
	const images = async () => (await api.list<StatefulSet>("statefulsets", {})).map(imageOf);

	match(await project.must("preview"), /DbCluster +db +create/);
	deepStrictEqual(await images(), []);
	match(await project.must("up", "--yes", "--skip-preview"), /\+ 2 created/);
	deepStrictEqual(await images(), ["127.0.0.1:1/clickhouse:1.7.1"]);
	await project.must("preview", "--expect-no-changes");

	await project.must("config", "set", "version", "1.8.0");
	match(await project.must("preview", "--diff"), /1\.7\.1 -> 1\.8\.0/);
	deepStrictEqual(await images(), ["127.0.0.1:1/clickhouse:1.7.1"]);
	match(await project.must("up", "--yes", "--skip-preview"), /~ 1 updated/);
	deepStrictEqual(await images(), ["127.0.0.1:1/clickhouse:1.8.0"]);

	await project.must("config", "set", "version", "1.7.1");
	await refused(project);

	await project.must("destroy", "--yes", "--skip-preview");
	deepStrictEqual(await images(), []);
	await project.must("stack", "rm", "--yes");
}

const imageOf = ({ spec }: StatefulSet) => spec.template.spec.containers[0]?.image;

async function refused(project: CellProject): Promise<void> {
	const { status, output } = await project.pulumi("preview");
	notStrictEqual(status, 0);
	match(output, /never goes back.*\[no-downgrade\]/s);
}
