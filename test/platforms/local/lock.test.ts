import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlatformError } from "../../../src/control/errors";
import { lockHolder, tryLock, withLock } from "../../../src/platforms/local/lock";
import { isFree } from "../../../src/platforms/local/port";
import { isAlive, ownProcessId, processId, signal } from "../../../src/platforms/local/process-id";
import { freePort } from "./place";

let folder: string;
let path: string;
const children: ChildProcess[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbcluster-lock-"));
	path = join(folder, "lock");
});
afterEach(() => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	rmSync(folder, { recursive: true, force: true });
});

function taken() {
	const tried = tryLock(path);
	if (!("release" in tried)) throw new Error(`held by ${tried.holder.pid}`);
	return tried;
}

/** A process that is dead, with its number. */
async function deadProcess(): Promise<{ pid: number; started: string }> {
	const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
	const id = processId(child.pid ?? -1);
	if (id === undefined) throw new Error("the child has no start time");
	child.kill("SIGKILL");
	await once(child, "exit");
	return id;
}

describe("a lock", () => {
	it("is held by one, and free after it is released", () => {
		const lock = taken();
		expect(tryLock(path)).toEqual({ holder: expect.objectContaining({ pid: process.pid }) });
		expect(lockHolder(path)).toEqual(ownProcessId());
		lock.release();
		expect(lockHolder(path)).toBeUndefined();
		taken().release();
		expect(readdirSync(folder)).toEqual([]);
	});

	it("of a process that is dead is taken over", async () => {
		const { pid, started } = await deadProcess();
		symlinkSync(`${pid}:${started}:abc`, path);
		expect(lockHolder(path)).toBeUndefined();
		taken().release();
		expect(readdirSync(folder)).toEqual([]);
	});

	it("of an earlier process with the number of one that lives is taken over", () => {
		symlinkSync(`${process.pid}:an-earlier-start:abc`, path);
		taken().release();
	});

	it("whose breaking was cut short is taken over all the same", async () => {
		const { pid, started } = await deadProcess();
		symlinkSync(`${pid}:${started}:abc`, path);
		symlinkSync(`${pid}:${started}:def`, `${path}.abc`);
		taken().release();
		expect(readdirSync(folder)).toEqual([]);
	});

	it("with a text that nobody of ours wrote is taken over", () => {
		symlinkSync("nonsense", path);
		taken().release();
	});

	it("that is held too long is given up on, naming the holder", async () => {
		const lock = taken();
		const error: unknown = await withLock(path, 0.05, () => "never").catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(PlatformError);
		expect((error as PlatformError).message).toContain(`process ${process.pid} has held the lock ${path}`);
		lock.release();
	});

	it("is released when the work under it fails", async () => {
		await expect(withLock(path, 1, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
		expect(await withLock(path, 1, () => "works")).toBe("works");
	});

	it("keeps a count right that several processes change and are killed at", { timeout: 60_000 }, async () => {
		const count = join(folder, "count");
		writeFileSync(count, "0");
		const script = join(folder, "worker.cjs");
		const lock = join(__dirname, "../../../dist/platforms/local/lock.js");
		writeFileSync(
			script,
			`const { withLock } = require(${JSON.stringify(lock)});
			const { readFileSync, writeFileSync, renameSync } = require("node:fs");
			(async () => {
				for (let done = 0; done < 60; done++) {
					await withLock(${JSON.stringify(path)}, 30, () => {
						const next = Number(readFileSync(${JSON.stringify(count)}, "utf8")) + 1;
						writeFileSync(${JSON.stringify(count)} + process.pid, String(next));
						renameSync(${JSON.stringify(count)} + process.pid, ${JSON.stringify(count)});
						process.send(next);
					});
				}
				process.disconnect();
			})();`,
		);
		const seen: number[] = [];
		const workers = [0, 1, 2, 3].map((index) => {
			const child = fork(script);
			children.push(child);
			let own = 0;
			child.on("message", (next) => {
				seen.push(Number(next));
				own += 1;
				// Two of them are killed somewhere in the middle, as likely as not while they hold the lock.
				if (index < 2 && own === 20 + index * 7) child.kill("SIGKILL");
			});
			return once(child, "exit");
		});
		await Promise.all(workers);
		// A number that was given twice would be an increment that was lost.
		expect(new Set(seen).size).toBe(seen.length);
		expect(Number(readFileSync(count, "utf8"))).toBeGreaterThanOrEqual(seen.length);
		expect(seen.length).toBeGreaterThanOrEqual(120);
		expect(lockHolder(path)).toBeUndefined();
	});
});

describe("a process", () => {
	it("is alive until it ends, and its number alone proves nothing", async () => {
		expect(isAlive(ownProcessId())).toBe(true);
		expect(isAlive({ pid: process.pid, started: "another start" })).toBe(false);
		const dead = await deadProcess();
		expect(isAlive(dead)).toBe(false);
		expect(signal(dead, "SIGTERM")).toBe(false);
		expect(signal({ pid: process.pid, started: "another start" }, "SIGKILL")).toBe(false);
	});

	it("that was killed is alive until it has let go of all it held", async () => {
		const port = await freePort();
		// With threads, and with memory whose return takes the system a while.
		const script = `require("node:crypto").pbkdf2("a", "b", 1e9, 64, "sha512", () => {});
			const memory = Buffer.alloc(4e8, 1);
			require("node:net").createServer().listen(${port}, "127.0.0.1", () => console.log(memory.length));`;
		const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
		children.push(child);
		await once(child.stdout, "data");
		const id = processId(child.pid ?? -1);
		if (id === undefined) throw new Error("the child does not run");
		signal(id, "SIGKILL");
		while (isAlive(id)) {
			// Without a pause, so as to see the first moment.
		}
		expect(await isFree(port)).toBe(true);
	});
});
