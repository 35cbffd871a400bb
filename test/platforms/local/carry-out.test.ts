import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { removeCluster, removeReplica } from "../../../src/platforms/local/carry-out";

vi.mock("node:fs", async (original) => {
	const actual = await original<typeof import("node:fs")>();
	return { ...actual, rmSync: vi.fn(actual.rmSync) };
});

let home: string;
beforeEach(() => {
	vi.mocked(rmSync).mockClear();
	home = mkdtempSync(join(tmpdir(), "cluster-"));
	for (const folder of ["0-0", "0-1", "logs"]) {
		mkdirSync(join(home, folder, "data"), { recursive: true });
		writeFileSync(join(home, folder, "data", "part"), "");
	}
	writeFileSync(join(home, "cluster.json"), "{}");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Whether anything else was done in the process before a removal was over, such as the extension of a claim. */
async function othersWorkDuring(removal: Promise<void>): Promise<boolean> {
	let worked = false;
	setImmediate(() => {
		worked = true;
	});
	await removal;
	return worked;
}

it("leaves a process free for its other clusters while data is removed", async () => {
	expect(await othersWorkDuring(removeReplica(home, "0-1"))).toBe(true);
	expect(readdirSync(home).sort()).toEqual(["0-0", "cluster.json", "logs"]);
	expect(await othersWorkDuring(removeCluster(home))).toBe(true);
	expect(existsSync(home)).toBe(false);
});

it("removes the record last: what a kill leaves without it would count as somebody else's", async () => {
	for (const entry of ["sockets", "router.lock", "cluster.lock"]) writeFileSync(join(home, entry), "");
	await removeCluster(home);
	const removed = vi.mocked(rmSync).mock.calls.map(([path]) => basename(String(path)));
	expect([removed.slice(0, 3).sort(), removed.slice(3).sort()]).toEqual([
		["logs", "router.lock", "sockets"],
		["cluster.json", "cluster.lock"],
	]);
});

it("keeps the record until the data is removed, and what is not the cluster's", async () => {
	writeFileSync(join(home, "notes.txt"), "a user's own");
	const removal = removeCluster(home);
	while (existsSync(join(home, "cluster.json"))) await new Promise((resolve) => setImmediate(resolve));
	expect([existsSync(join(home, "0-0")), existsSync(join(home, "0-1"))]).toEqual([false, false]);
	await removal;
	expect(readdirSync(home)).toEqual(["notes.txt"]);
});
