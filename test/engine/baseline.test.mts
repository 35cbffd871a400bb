import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./project.mts";
import { newVersion, type Stack, stack, transition } from "./stack.mts";

/**
 * What a release wrote into users' states: one file a release, written once, before it, by
 * `DBCLUSTER_BASELINE=0.2.0 npx vitest run --project engine baseline`, and never changed afterwards.
 */
const folder = join(import.meta.dirname, "baseline");
const writing = process.env.DBCLUSTER_BASELINE;
const releases = readdirSync(folder);

/** What differs from one machine, and one cluster, to the next. */
async function places(db: Stack): Promise<readonly (readonly [string, string])[]> {
	const { outputs } = await db.resource();
	return [
		[db.folder, "<folder>"],
		[root, "<root>"],
		[String(db.port), "<port>"],
		[String(outputs.generation), "<generation>"],
		[`${process.platform}-${process.arch}`, "<machine>"],
	];
}

test.runIf(writing)("the baseline is written", async () => {
	const db = await stack();
	await db.upOk();
	const { inputs, outputs } = await db.resource();
	const names = await places(db);
	const text = names.reduce(
		(all, [here, name]) => all.replaceAll(here, name),
		JSON.stringify({ inputs, outputs }, null, "\t"),
	);
	writeFileSync(join(folder, `${writing}.txt`), `${text}\n`, { flag: "wx" });
});

test.skipIf(writing)("there is a baseline", () => {
	expect(releases).toContain("0.1.0.txt");
});

test.each(releases)("a state that %s wrote previews to no change, and takes the next version", async (release) => {
	const db = await stack();
	await db.upOk();
	const names = await places(db);
	const text = names.reduce(
		(all, [here, name]) => all.replaceAll(name, here),
		readFileSync(join(folder, release), "utf8"),
	);
	await db.edit((resource) => Object.assign(resource, JSON.parse(text)));

	const same = await db.preview("--expect-no-changes");
	expect(same).toMatchObject({ status: 0 });
	expect(same.output).toContain("2 unchanged");
	const next = await db.set({ version: newVersion }).preview();
	expect(next).toMatchObject({ status: 0 });
	expect(next.output).toContain(transition);
});
