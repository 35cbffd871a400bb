import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { applied, folder } from "./baseline.mts";
import { type Face, FacedStack, opened } from "./native.mts";
import { newVersion, transition } from "./stack.mts";

// A program that changes its import from one face of DbCluster to the other: its state moves by an alias.

const faced = () => opened(FacedStack);
const types: Record<Face, string> = {
	dynamic: "pulumi-nodejs:dynamic/dbcluster:DbCluster",
	native: "dbcluster:index:DbCluster",
};

describe.each<[Face, Face]>([
	["dynamic", "native"],
	["native", "dynamic"],
])("from %s to %s", (from, to) => {
	test("replaces nothing, touches no replica, and refresh, update and destroy work afterwards", async () => {
		const db = await faced();
		await db.in(from).upOk();
		const run = db.record().cluster?.wanted;

		const preview = await db.in(to).preview();
		expect(preview.status, preview.output).toBe(0);
		expect(preview.output).not.toMatch(/replace|create|delete/);
		await db.upOk();
		expect(db.record().cluster?.wanted).toEqual(run);
		const { type, inputs } = await db.resource();
		expect(type).toBe(types[to]);
		expect("__provider" in inputs).toBe(to === "dynamic");

		const refreshed = await db.run("refresh", "--yes", "--skip-preview");
		expect(refreshed.status, refreshed.output).toBe(0);
		expect((await db.preview("--expect-no-changes")).status).toBe(0);
		expect(await db.set({ version: newVersion }).upOk()).toContain(`updated ${transition}`);
		expect(await db.query("SELECT version()")).toBe(newVersion);
		const destroyed = await db.run("destroy", "--yes", "--skip-preview");
		expect(destroyed.status, destroyed.output).toBe(0);
	});

	test("takes a change at once, and shows nothing but that", async () => {
		const db = await faced();
		await db.in(from).upOk();
		const { output } = await db
			.in(to)
			.set({ update: { drainSeconds: 8 } })
			.preview();
		expect(output).toMatch(/drainSeconds *: 8/);
		if (to === "native") expect(output).not.toContain("__provider");
		await db.upOk();
		expect((await db.preview("--expect-no-changes")).status).toBe(0);
	});
});

test.each(readdirSync(folder))("a state that %s wrote becomes a native one without a change", async (release) => {
	const db = await faced();
	await db.in("dynamic").upOk();
	await applied(db, release);

	const same = await db.in("native").preview("--expect-no-changes");
	expect(same.status, same.output).toBe(0);
	expect(same.output).toContain("2 unchanged");
	await db.upOk();
	expect((await db.resource()).type).toBe(types.native);
	expect(await db.set({ version: newVersion }).upOk()).toContain(`updated ${transition}`);
});
