import {
	appendFileSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlatformError } from "../../../src/control/errors";
import { LogReader, lastEntry } from "../../../src/platforms/local/log-reader";
import { WriteLog } from "../../../src/platforms/local/write-log";

describe("the log of writes", () => {
	let root: string;
	let folder: string;
	beforeEach(() => {
		root = mkdtempSync(join(tmpdir(), "log-"));
		folder = join(root, "log");
	});
	afterEach(() => rmSync(root, { recursive: true, force: true }));

	const all = (from = 1) => {
		const reader = new LogReader(folder, from);
		const found: [number, string, string][] = [];
		for (let entry = reader.next(); entry !== undefined; entry = reader.next()) {
			found.push([entry.n, entry.params, entry.body.toString("hex")]);
		}
		reader.close();
		return found;
	};
	const segment = () => join(folder, readdirSync(folder).sort().at(-1) ?? "");

	it("gives back what was appended, in order, from any number on", async () => {
		const entries = fc.array(fc.tuple(fc.string(), fc.uint8Array()), { minLength: 1, maxLength: 20 });
		await fc.assert(
			fc.asyncProperty(entries, async (list) => {
				rmSync(folder, { recursive: true, force: true });
				const log = WriteLog.open(folder);
				const numbers = await Promise.all(list.map(([params, body]) => log.append(params, Buffer.from(body))));
				expect(numbers).toEqual(list.map((_, i) => i + 1));
				await log.close();
				const again = WriteLog.open(folder);
				expect([again.last, lastEntry(folder)]).toEqual([list.length, list.length]);
				await again.close();
				const expected = list.map(([params, body], i) => [
					i + 1,
					Buffer.from(params).toString(),
					Buffer.from(body).toString("hex"),
				]);
				for (const from of [1, list.length, list.length + 1]) expect(all(from)).toEqual(expected.slice(from - 1));
			}),
			{ numRuns: 25 },
		);
	});

	it("drops what a killed process left half-written, at whatever byte that was", async () => {
		const log = WriteLog.open(folder);
		await log.append("a=1", Buffer.from("one"));
		const whole = statSync(segment()).size;
		await log.append("a=2", Buffer.from("two"));
		await log.close();
		const bytes = readFileSync(segment());
		for (let size = whole; size < bytes.length; size++) {
			writeFileSync(segment(), bytes.subarray(0, size));
			expect(all()).toHaveLength(1);
			const opened = WriteLog.open(folder);
			expect([opened.last, statSync(segment()).size]).toEqual([1, whole]);
			expect(await opened.append("a=3", Buffer.from("three"))).toBe(2);
			await opened.close();
			expect(all().map(([, params]) => params)).toEqual(["a=1", "a=3"]);
		}
	});

	it("does not take a damaged entry for a whole one", async () => {
		const log = WriteLog.open(folder);
		await log.append("a=1", Buffer.from("one"));
		await log.close();
		const bytes = readFileSync(segment());
		for (let i = 0; i < bytes.length; i++) {
			const damaged = Buffer.from(bytes);
			damaged[i] = (damaged[i] ?? 0) ^ 1;
			writeFileSync(segment(), damaged);
			expect(all()).toEqual([]);
		}
	});

	it("can be read while it grows, also over the end of a segment", async () => {
		const log = WriteLog.open(folder);
		const reader = new LogReader(folder, 1);
		const big = Buffer.alloc(7 << 20);
		for (let n = 1; n <= 8; n++) {
			expect(reader.next()).toBeUndefined();
			await log.append(`n=${n}`, big);
			expect(reader.next()).toMatchObject({ n, params: `n=${n}` });
		}
		expect(readdirSync(folder).length).toBeGreaterThan(1);
		reader.close();
		await log.close();
	});

	it("forgets whole segments that all have applied, and says so to one who lacks them", async () => {
		const log = WriteLog.open(folder);
		for (let n = 1; n <= 8; n++) await log.append("", Buffer.alloc(7 << 20));
		const before = readdirSync(folder).sort();
		log.truncate(0);
		expect(readdirSync(folder)).toHaveLength(before.length);
		log.truncate(8);
		expect(readdirSync(folder)).toEqual(before.slice(-1));
		expect(await log.append("a=9", Buffer.alloc(0))).toBe(9);
		await log.close();
		expect(lastEntry(folder)).toBe(9);
		expect(all(9)).toHaveLength(1);
		expect(() => all(1)).toThrow(/lacks entry 1, which this replica has not applied/);
	});

	it("says which entry is missing between segments", async () => {
		const log = WriteLog.open(folder);
		for (let n = 1; n <= 8; n++) await log.append("", Buffer.alloc(7 << 20));
		await log.close();
		const [first = "", second = ""] = readdirSync(folder).sort();
		truncateSync(join(folder, first), statSync(join(folder, first)).size - 1);
		expect(() => all(1)).toThrow(PlatformError);
		rmSync(join(folder, second));
		expect(() => all(Number(second.slice(0, 12)))).toThrow(/lacks entry/);
	});

	it("names a folder that it can't use", () => {
		appendFileSync(folder, "a file");
		expect(() => WriteLog.open(folder)).toThrow(new RegExp(`log of writes in ${folder} can't be used`));
	});
});
