import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ControlError, PlatformError } from "../../../src/control/errors";
import { Store } from "../../../src/platforms/local/store";
import { until } from "./place";

let folder: string;
beforeEach(() => {
	folder = join(mkdtempSync(join(tmpdir(), "dbcluster-store-")), "cluster");
});
afterEach(() => {
	rmSync(join(folder, ".."), { recursive: true, force: true });
});

const isRoot = process.getuid?.() === 0;
const caught = async (promise: Promise<unknown>) =>
	promise.then(() => undefined).catch((error: unknown) => error as Error);

describe("the record", () => {
	it("is not there until it is made, and is then this user's alone", async () => {
		const store = new Store(folder);
		expect(store.read()).toBeUndefined();
		expect(await store.change(() => ({ format: 1, fence: 7 }))).toBeUndefined();
		expect(store.read()).toBeUndefined();
		await store.change(({ fence }) => ({ format: 1, fence: fence + 7 }), "make");
		expect(new Store(folder).read()).toEqual({ format: 1, fence: 7 });
		expect(statSync(folder).mode & 0o777).toBe(0o700);
		expect(statSync(join(folder, "cluster.json")).mode & 0o777).toBe(0o600);
		expect(readdirSync(folder)).toEqual(["cluster.json"]);
	});

	it("is read again only once it was written, replaced or removed", async () => {
		const store = new Store(folder);
		const path = join(folder, "cluster.json");
		expect(store.latest()).toBeUndefined();
		await new Store(folder).change((record) => ({ ...record, fence: 1 }), "make");
		const first = store.latest();
		expect(first?.fence).toBe(1);
		expect(store.latest()).toBe(first);
		await new Store(folder).change((record) => ({ ...record, fence: 2 }));
		expect(store.latest()?.fence).toBe(2);
		// By hand, and of the same length.
		const { mtimeMs } = statSync(path);
		await until("the clock of the file system has moved", 10, async () => {
			writeFileSync(path, readFileSync(path, "utf8").replace('"fence": 2', '"fence": 3'));
			return statSync(path).mtimeMs > mtimeMs || undefined;
		});
		expect(store.latest()?.fence).toBe(3);
		writeFileSync(path, "{");
		expect(() => store.latest()).toThrow(PlatformError);
		rmSync(path);
		expect(store.latest()).toBeUndefined();
	});

	it("loses no change of many at the same time", async () => {
		await new Store(folder).change((record) => record, "make");
		const add = () => new Store(folder).change((record) => ({ ...record, fence: record.fence + 1 }));
		await Promise.all(Array.from({ length: 40 }, add));
		expect(new Store(folder).read()?.fence).toBe(40);
	});

	it("stays as it was when a change throws", async () => {
		const store = new Store(folder);
		await store.change(() => ({ format: 1, fence: 1 }), "make");
		const refused = store.change(() => {
			throw new ControlError("no");
		});
		expect((await caught(refused))?.message).toBe("no");
		expect(store.read()?.fence).toBe(1);
		await store.change(() => ({ format: 1, fence: 2 }));
		expect(store.read()?.fence).toBe(2);
	});

	it("is never written over when it can't be read", async () => {
		const store = new Store(folder);
		await store.change((record) => record, "make");
		for (const text of ["", "{", "null", '{"format":2,"fence":0}', '{"format":1}']) {
			writeFileSync(join(folder, "cluster.json"), text);
			expect(() => store.read()).toThrow(PlatformError);
			const error = await caught(store.change((record) => record, "make"));
			expect(error).toBeInstanceOf(PlatformError);
			expect(error?.message).toContain(join(folder, "cluster.json"));
			expect(readFileSync(join(folder, "cluster.json"), "utf8")).toBe(text);
		}
	});

	it("is not made in a folder that holds other things", async () => {
		mkdirSync(folder);
		writeFileSync(join(folder, "thesis.txt"), "chapter one");
		const error = await caught(new Store(folder).change((record) => record, "make"));
		expect(error).toBeInstanceOf(ControlError);
		expect(error?.message).toContain("thesis.txt");
		expect(error?.message).toContain("local.directory");
		expect(readdirSync(folder)).toEqual(["thesis.txt"]);
	});

	it("is not made where a file is in the way", async () => {
		writeFileSync(folder, "a file");
		const error = await caught(new Store(folder).change((record) => record, "make"));
		expect(error).toBeInstanceOf(PlatformError);
		expect(error?.message).toContain(folder);
		expect(readFileSync(folder, "utf8")).toBe("a file");
	});

	it.skipIf(isRoot)("says what to do about a folder that may not be written (root may write anywhere)", async () => {
		mkdirSync(folder);
		chmodSync(folder, 0o500);
		const error = await caught(new Store(folder).change((record) => record, "make"));
		expect(error).toBeInstanceOf(PlatformError);
		expect(error?.message).toContain("local.directory");
	});

	it("survives a full disk, which the error names", async (context) => {
		mkdirSync(folder);
		if (!mountSmall(folder, "64k")) context.skip("only root may mount a small file system");
		try {
			const store = new Store(folder);
			await store.change(() => ({ format: 1, fence: 1 }), "make");
			expect(() => writeFileSync(join(folder, "cluster.filler"), Buffer.alloc(1 << 20))).toThrow("ENOSPC");
			const error = await caught(store.change(() => ({ format: 1, fence: 2 })));
			expect(error).toBeInstanceOf(PlatformError);
			expect(error?.message).toContain("full");
			expect(store.read()?.fence).toBe(1);
			rmSync(join(folder, "cluster.filler"));
			await store.change(() => ({ format: 1, fence: 2 }));
			expect(store.read()?.fence).toBe(2);
		} finally {
			execFileSync("umount", ["-l", folder]);
		}
	});

	it("says so on a file system that is read-only", async (context) => {
		mkdirSync(folder);
		if (!mountSmall(folder, "64k")) context.skip("only root may mount a small file system");
		try {
			const store = new Store(folder);
			await store.change(() => ({ format: 1, fence: 1 }), "make");
			execFileSync("mount", ["-o", "remount,ro", folder], { stdio: "pipe" });
			const error = await caught(store.change(() => ({ format: 1, fence: 2 })));
			expect(error).toBeInstanceOf(PlatformError);
			expect(error?.message).toContain("read-only");
			expect(store.read()?.fence).toBe(1);
		} finally {
			execFileSync("umount", ["-l", folder]);
		}
	});
});

function mountSmall(path: string, size: string): boolean {
	try {
		execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stdio: "pipe" });
		return true;
	} catch {
		return false;
	}
}
