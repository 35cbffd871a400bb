import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { caveats, expectRefused } from "./output.mts";
import { newVersion, oldVersion, stack, transition } from "./stack.mts";

/** A document of versions that a test can change. */
async function document(...entries: unknown[]) {
	const said = { entries, asked: 0, url: "" };
	const server = createServer((_, response) => {
		said.asked++;
		response.end(JSON.stringify(said.entries));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	said.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/versions.json`;
	return said;
}

test("a document of versions: what came out since shows with a refresh, latest follows it, what is blocked is refused", async () => {
	const versions = await document(oldVersion);
	const db = await stack({ version: "latest", versions: { url: versions.url } });
	await db.upOk();
	expect(await db.outputs()).toMatchObject({ version: oldVersion, latestVersion: oldVersion, updateAvailable: false });

	versions.entries = [oldVersion, { version: newVersion, date: "2026-07-20", notes: "https://example.com/notes" }];
	db.set({ version: oldVersion });
	expect((await db.run("refresh", "--yes")).status).toBe(0);
	const found = { version: oldVersion, latestVersion: newVersion, updateAvailable: true };
	expect((await db.resource()).outputs).toMatchObject(found);
	// A refresh runs no program, so what the program exports follows with the next up, which has nothing else to do.
	expect(await db.upOk()).toContain("unchanged");
	expect(await db.outputs()).toMatchObject(found);

	versions.entries.push({ version: "26.9.1.1", blocked: "corrupts indexes" });
	expectRefused(
		await db.set({ version: "26.9.1.1" }).preview(),
		"property version value {26.9.1.1} has a problem: 26.9.1.1 is blocked in the catalogue: corrupts indexes.",
		`Set version to ${newVersion}`,
	);

	// The window opens on a 29th of February only.
	const window = { schedule: "0 0 29 2 *", minutes: 1 };
	versions.asked = 0;
	const preview = await db.set({ version: "latest", update: { window } }).preview();
	expect(preview.status).toBe(0);
	expect(versions.asked).toBe(1);
	expect(caveats(preview.output)).toEqual([
		`+ ${transition}: {`,
		'+ notes: "2026-07-20, https://example.com/notes"',
		'+ order: "db-0-1, then db-0-0"',
		'+ reads: "SELECT keeps working"',
		'+ rehearsed: "no; pulumi up does that before it changes anything"',
		'+ return: "not possible, because a DB version is never downgraded"',
		'+ window: "opens at 0 0 29 2 * (cron, UTC) for 1 minute; no update starts outside the window"',
		'+ writes: "may fail for a while as each replica restarts"',
	]);
	expect(preview.output).toMatch(/the maintenance window of db is closed until \w{3} 20\d\d-02-29 00:00 \(UTC\)\./);
	expectRefused(await db.up(), "the maintenance window is closed until", "update.ignoreWindow");
	expect(await db.query("SELECT version()")).toBe(oldVersion);

	await db.set({ update: { window, ignoreWindow: true } }).upOk();
	expect(await db.query("SELECT version()")).toBe(newVersion);
	expect(await db.outputs()).toMatchObject({ version: newVersion, latestVersion: newVersion, updateAvailable: false });
	expect((await db.preview("--expect-no-changes")).status).toBe(0);
});
