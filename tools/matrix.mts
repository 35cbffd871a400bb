/**
 * `npm run matrix`: the packed package in an empty project of each kind that users may have, on the Pulumi of each end of
 * the supported range, and on API servers of each end. If all pass, that is recorded; the README quotes it.
 *
 * `npm run matrix -- pnpm`: only the parts whose name contains a word; nothing is recorded.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveResults } from "../bench/results.mts";
import { Explained, run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { ApiServer } from "./matrix/api-server.mts";
import { apiVersions, axes, type Cell, cells, nameOf, usual } from "./matrix/cells.mts";
import { CellProject, pack } from "./matrix/project.mts";
import { apiStory, localStory } from "./matrix/story.mts";
import { pulumiCliAt } from "./pulumi-cli.mts";
import { say } from "./terminal.mts";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-matrix-"));
const failed: string[] = [];
const only = process.argv[2] ?? "";

/** Runs one part, says how it went and how long it took, and goes on. */
async function part(name: string, run: () => Promise<void>): Promise<void> {
	const began = performance.now();
	try {
		await run();
		say(`  passed in ${Math.round((performance.now() - began) / 1000)} s: ${name}`);
	} catch (error) {
		failed.push(name);
		say(`  FAILED: ${name}\n${(error as Error).message}`);
	}
}

/** Installs a cell and does something with it in each face. */
async function eachFace(cell: Cell, name: string, story: typeof localStory, env?: NodeJS.ProcessEnv): Promise<void> {
	const project = await CellProject.open(cell, tarball, await pulumiCliAt(cell.pulumi.cli), env);
	try {
		for (const face of axes.face) await part(`${name}: ${face}`, () => story(project, face));
	} finally {
		await project.remove();
	}
}

/** Tests of test/kubernetes that run no pod. */
const withoutPods = {
	files: ["credentials", "component", "many"],
	names: "asked again for a token|are accepted by the API server|restricted Pod Security|a stack of many clusters",
};

async function onApiServer(name: string, version: string): Promise<void> {
	const server = await ApiServer.start(version);
	try {
		const env = { KUBECONFIG: server.kubeconfig };
		const api = await server.namespace("db");
		await eachFace(usual, name, (project, face) => apiStory(project, face, api), env);
		await part(`${name}: tests without pods`, async () => {
			const { files, names } = withoutPods;
			const args = [
				"run",
				"--project",
				"kubernetes",
				...files.map((file) => `test/kubernetes/${file}.test`),
				"-t",
				names,
			];
			const options = { cwd: root, env: { ...process.env, ...env }, seconds: 1200 };
			const { status, stdout, stderr } = await run("vitest", args, options);
			if (status !== 0) throw new Explained(stdout + stderr);
		});
	} finally {
		await server.stop();
	}
}

async function wanted(name: string, run: (name: string) => Promise<void>): Promise<void> {
	if (name.includes(only)) await part(name, () => run(name));
}

const names = (values: readonly string[]) => [...new Set(values)].join(", ");

const tarball = pack(folder);
try {
	for (const cell of cells) await wanted(nameOf(cell), (name) => eachFace(cell, name, localStory));
	for (const version of apiVersions) await wanted(`Kubernetes ${version}`, (name) => onApiServer(name, version));
} finally {
	rmSync(folder, { recursive: true, force: true });
}
if (failed.length > 0) {
	console.error(`${failed.length} failed:\n${failed.join("\n")}`);
	process.exitCode = 1;
} else if (only === "")
	saveResults("matrix", {
		tried: [
			{ what: "Pulumi", with: axes.pulumi.map(({ sdk, cli }) => `SDK ${sdk} and CLI ${cli}`).join("; ") },
			{ what: "Node.js", with: axes.node.join(", ") },
			{ what: "installed by", with: axes.layout.join(", ") },
			{ what: "program", with: names(axes.program) },
			{ what: "face", with: axes.face.join(", ") },
			{ what: "Kubernetes API", with: apiVersions.join(", ") },
		],
	});
