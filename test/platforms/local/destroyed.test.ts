import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { LocalPlace } from "./place";

// What a run that was killed leaves, and what the next one makes of it.

vi.mock("node:fs/promises", async (original) => {
	const actual = await original<typeof import("node:fs/promises")>();
	return { ...actual, rm: vi.fn(actual.rm) };
});

let place: LocalPlace | undefined;
afterEach(() => place?.close());

it("removes what a killed rehearsal left, so that the next cluster is created there", async () => {
	place = await LocalPlace.open();
	await place.started({ replicas: 1 });
	mkdirSync(join(place.home, "trial/data"), { recursive: true });
	writeFileSync(join(place.home, "trial/data/t.sql"), "CREATE TABLE t ...");
	// Of whoever was killed while it broke the lock of a dead router.
	writeFileSync(join(place.home, "router.lock.0123456789ab"), "");
	await place.under((claim, control) => control.destroy(claim, { data: true }));
	expect(existsSync(place.home) ? readdirSync(place.home) : []).toEqual([]);
	await place.started({ replicas: 1 });
});

it("is still a cluster while its data is removed, so that a destroy which was killed is done again", async () => {
	place = await LocalPlace.open();
	await place.started({ replicas: 2 });
	await place.sql("CREATE TABLE t (x UInt32) ENGINE = MergeTree ORDER BY x");
	const destroy = () => place?.under((claim, control) => control.destroy(claim, { data: true }));
	vi.mocked(rm).mockImplementation(async (path) => {
		if (String(path).endsWith("0-1")) throw new Error("killed");
	});
	await expect(destroy()).rejects.toThrow("killed");
	expect(await place.control().record()).toMatchObject({ owner: "project/stack/contract", replicas: 2 });
	vi.mocked(rm).mockRestore();
	await destroy();
	await place.started({ replicas: 2 });
	expect(await place.sql("SHOW TABLES")).toBe("");
});
