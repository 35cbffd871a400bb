/**
 * `npm run matrix`: the packed package in an empty project of each kind that users may have, on the Pulumi of each end of
 * the supported range, and on API servers of each end. How each went is recorded in bench/results.
 *
 * `npm run matrix -- pnpm`: only the parts whose name contains a word; the rows of the others stay.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { results, saveResults } from "../bench/results.mts";
import { Explained, run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { ApiServer } from "./matrix/api-server.mts";
import { apiVersions, axes, type Cell, cells, nameOf } from "./matrix/cells.mts";
import { CellProject, pack } from "./matrix/project.mts";
import { localStory } from "./matrix/story.mts";
import { pulumiCliAt } from "./pulumi-cli.mts";
import { say } from "./terminal.mts";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-matrix-"));
const only = process.argv[2] ?? "";
let failed = 0;

/** What ran in which way: the columns of a row. */
type Row = Readonly<Record<string, string | number>>;

/** Runs something, and says how it went and how long it took. */
async function passes(name: string, run: () => Promise<void>): Promise<string> {
	const began = performance.now();
	const seconds = () => Math.round((performance.now() - began) / 1000);
	try {
		await run();
		say(`  passed in ${seconds()} s: ${name}`);
		return "passed";
	} catch (error) {
		failed++;
		say(`  FAILED after ${seconds()} s: ${name}\n${(error as Error).message}`);
		return "failed";
	}
}

/** Installs a cell and does something with it in each face. */
async function eachFace(cell: Cell, name: string): Promise<Row> {
	const row: Record<string, string> = {};
	let project: CellProject | undefined;
	await passes(`${name}: installed`, async () => {
		project = await CellProject.open(cell, tarball, await pulumiCliAt(cell.pulumi.cli));
	});
	for (const face of axes.face)
		row[face] =
			project === undefined
				? "failed"
				: await passes(`${name}: ${face}`, () => localStory(project as CellProject, face));
	await project?.remove();
	return row;
}

/** Tests of test/kubernetes that need an API server and no node. */
const withoutNode = {
	files: ["credentials", "component"],
	names: "asked again for a token|are accepted by the API server|restricted Pod Security",
};

async function onApiServer(name: string, version: string): Promise<Row> {
	const server = await ApiServer.start(version);
	try {
		const tests = await passes(`${name}: tests without a node`, async () => {
			const files = withoutNode.files.map((file) => `test/kubernetes/${file}.test`);
			const args = ["run", "--project", "kubernetes", ...files, "-t", withoutNode.names];
			const env = { ...process.env, KUBECONFIG: server.kubeconfig };
			const { status, stdout, stderr } = await run("vitest", args, { cwd: root, env, seconds: 1200 });
			if (status !== 0) throw new Explained(stdout + stderr);
		});
		return { "Kubernetes API": version, "tests without a node": tests };
	} finally {
		await server.stop();
	}
}

/** Runs the parts that are wanted, and keeps their rows in place of those of the same first columns. */
async function record<Part>(
	table: "cells" | "kubernetes",
	parts: readonly Part[],
	name: (part: Part) => string,
	run: (part: Part) => Promise<Row>,
): Promise<void> {
	for (const part of parts.filter((each) => name(each).includes(only))) {
		const row = await run(part);
		const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
		const same = (other: Row) =>
			Object.keys(row).every((key) => /passed|failed/.test(`${row[key]}`) || row[key] === other[key]);
		const rows: Row[] = [...(kept[table] ?? [])];
		const at = rows.findIndex(same);
		rows.splice(at < 0 ? rows.length : at, 1, row);
		saveResults("matrix", { ...kept, [table]: rows });
	}
}

const file = join(results, "matrix.json");
const tarball = pack(folder);
try {
	await record("cells", cells, nameOf, async (cell) => ({
		"Pulumi SDK": cell.pulumi.sdk,
		CLI: cell.pulumi.cli,
		"Node.js": cell.node,
		"installed by": cell.layout,
		program: cell.program,
		...(await eachFace(cell, nameOf(cell))),
	}));
	const api = (version: string) => `Kubernetes ${version}`;
	await record("kubernetes", apiVersions, api, (version) => onApiServer(api(version), version));
} finally {
	rmSync(folder, { recursive: true, force: true });
}
if (failed > 0) process.exitCode = 1;
