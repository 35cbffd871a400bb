import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { applied, folder, places } from "./baseline.mts";
import { newVersion, stack, transition } from "./stack.mts";

const writing = process.env.DBCLUSTER_BASELINE;
const releases = readdirSync(folder);

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
	await applied(db, release);

	const same = await db.preview("--expect-no-changes");
	expect(same).toMatchObject({ status: 0 });
	expect(same.output).toContain("2 unchanged");
	const next = await db.set({ version: newVersion }).preview();
	expect(next).toMatchObject({ status: 0 });
	expect(next.output).toContain(transition);
});
