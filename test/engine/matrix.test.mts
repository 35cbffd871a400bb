import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, inject, test } from "vitest";
import { axes, nameOf, unlike } from "../../tools/matrix/cells.mts";
import { CellProject, pack } from "../../tools/matrix/project.mts";
import { localStory } from "../../tools/matrix/story.mts";

// One cell of `npm run matrix`, which runs all of them for a release.
let folder: string;
let project: CellProject;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "dbc-"));
	project = await CellProject.open(unlike, pack(folder), { folder: inject("pulumi") });
});
afterAll(async () => {
	await project?.remove();
	rmSync(folder, { recursive: true, force: true });
});

test.each(axes.face)(`the quickstart, ${nameOf(unlike)}: %s`, (face) => localStory(project, face));
