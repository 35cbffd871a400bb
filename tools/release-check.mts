/**
 * `npm run release:check`: what is about to be published, checked as its users get it: the packed package by publint and
 * "Are the types wrong?", the quickstart in an empty project with it, and the schemas against those of the last release.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Explained, run } from "./cli/program.mts";
import { root } from "./environment.mts";
import { axes, usual } from "./matrix/cells.mts";
import { CellProject, pack } from "./matrix/project.mts";
import { localStory } from "./matrix/story.mts";
import { pulumiCli } from "./pulumi-cli.mts";
import { brokenSince, lastRelease } from "./release/released.mts";
import { say } from "./terminal.mts";

async function must(program: string, ...args: readonly string[]): Promise<void> {
	const { status, stdout, stderr } = await run(program, args, { cwd: root, seconds: 600 });
	if (status !== 0) throw new Explained(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}

const folder = mkdtempSync(join(tmpdir(), "dbcluster-release-"));
try {
	await must("npm", "run", "--silent", "build");
	const tarball = pack(folder);
	await must("publint", "run", tarball, "--strict");
	await must("attw", tarball);
	say("The packed package is fine with publint and attw.");

	const project = await CellProject.open(usual, tarball, await pulumiCli());
	try {
		for (const face of axes.face) await localStory(project, face);
	} finally {
		await project.remove();
	}
	say("The quickstart runs from the packed package in an empty project, in both faces.");

	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
	const release = lastRelease(version);
	const broken = release === undefined ? [] : brokenSince(release);
	if (broken.length > 0) throw new Explained(`Programs made for ${release} would break:\n${broken.join("\n")}`);
	say(
		release === undefined
			? `The schemas of no release before ${version} are kept, so there is nothing to compare the present ones with.`
			: `Nothing in the schemas that ${release} has would break.`,
	);
} catch (error) {
	if (!(error instanceof Explained)) throw error;
	console.error(error.message);
	process.exitCode = 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
