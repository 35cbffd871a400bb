import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cached } from "../../tools/cli/cache.mts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbc-"));
	vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true });
});

const place = () => join(folder, "pulumi-dbcluster");
const good = async (made: string) => existsSync(join(made, "it"));
const make = async (part: string) => writeFileSync(join(part, "it"), "whole");
const ignore = () => {};

test("makes it once, and finds it from then on", async () => {
	const made = vi.fn(make);
	const first = await cached("thing", good, made, ignore);
	expect(first).toBe(join(place(), "thing"));
	expect(await cached("thing", good, made, ignore)).toBe(first);
	expect(made).toHaveBeenCalledTimes(1);
	expect(readdirSync(place())).toEqual(["thing"]);
});

test("of two at once one makes it, and the other waits and says so", async () => {
	let go = () => {};
	const gate = new Promise<void>((resolve) => {
		go = resolve;
	});
	const made = vi.fn(async (part: string) => {
		await gate;
		await make(part);
	});
	const first = cached("thing", good, made, ignore);
	const waits = vi.fn(go);
	await Promise.all([first, cached("thing", good, made, waits)]);
	expect(made).toHaveBeenCalledTimes(1);
	expect(waits).toHaveBeenCalledTimes(1);
	expect(readFileSync(join(place(), "thing", "it"), "utf8")).toBe("whole");
});

test("leaves nothing that looks whole when making it fails, and makes it the next time", async () => {
	const fails = async (part: string) => {
		writeFileSync(join(part, "half"), "");
		throw new Error("the disk is full");
	};
	await expect(cached("thing", good, fails, ignore)).rejects.toThrow("the disk is full");
	expect(readdirSync(place())).toEqual([]);
	await cached("thing", good, make, ignore);
	expect(readdirSync(place())).toEqual(["thing"]);
});

test("takes over from one that was killed, and removes what that left", async () => {
	mkdirSync(join(place(), "thing.part-1"), { recursive: true });
	const lock = join(place(), "thing.lock");
	writeFileSync(lock, "");
	const longAgo = new Date(Date.now() - 60_000);
	utimesSync(lock, longAgo, longAgo);
	await cached("thing", good, make, ignore);
	expect(readdirSync(place())).toEqual(["thing"]);
});

test("makes anew what is there but no good", async () => {
	mkdirSync(join(place(), "thing"), { recursive: true });
	writeFileSync(join(place(), "thing", "other"), "");
	await cached("thing", good, make, ignore);
	expect(readdirSync(join(place(), "thing"))).toEqual(["it"]);
});
