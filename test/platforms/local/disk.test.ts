import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, type TestContext } from "vitest";
import { Bench } from "./bench";
import { idsOfEachReplica } from "./load";
import { LocalPlace, until } from "./place";

describe("a full disk", () => {
	let place: LocalPlace | undefined;
	let mounted: string | undefined;
	afterEach(async () => {
		if (mounted !== undefined) rmSync(join(mounted, "filler"), { force: true });
		await place?.close();
		if (mounted !== undefined) {
			execFileSync("umount", ["-l", mounted]);
			rmSync(mounted, { recursive: true });
		}
		place = mounted = undefined;
	});

	/** A folder that is a small disk of its own. */
	function mount(context: TestContext): string {
		const folder = mkdtempSync(join(tmpdir(), "dbcluster-disk-"));
		try {
			execFileSync("mount", ["-t", "tmpfs", "-o", "size=128m", "tmpfs", folder], { stdio: "pipe" });
		} catch {
			rmSync(folder, { recursive: true });
			context.skip("only root may mount a small file system");
		}
		mounted = folder;
		return folder;
	}
	const fill = (folder: string) =>
		expect(() => writeFileSync(join(folder, "filler"), Buffer.alloc(256 << 20))).toThrow("ENOSPC");

	it("is what a replica that can't start for it says, with the way out", async (context) => {
		const folder = mount(context);
		const home = join(folder, "c");
		mkdirSync(home);
		fill(folder);
		const bench = new Bench();
		try {
			bench.spawn("26.7.2.1", { home });
			expect(await bench.ended()).toBe(1);
			expect(bench.words).toBe(
				`the cluster's folder ${home} is on a full disk. Free some space there, then run pulumi again.\n`,
			);
		} finally {
			await bench.close();
		}
	});

	it("refuses writes in words, loses nothing, and is over once there is room", async (context) => {
		const folder = mount(context);
		const filled: LocalPlace = await LocalPlace.open({ directory: join(folder, "c") });
		place = filled;
		await filled.started();
		await filled.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		const acknowledged: number[] = [];
		const insert = async (id: number) => {
			await filled.sql(`INSERT INTO t VALUES (${id})`);
			acknowledged.push(id);
		};
		await insert(0);
		fill(folder);

		const refusal = await until("a write is refused", 60, async () =>
			insert(acknowledged.length).then(
				() => undefined,
				(error: Error) => error.message,
			),
		);
		expect(refusal).toMatch(/^503 Code: \d+\. DB::Exception: .*(full|no space|exited during)/i);

		rmSync(join(folder, "filler"));
		await until("a write is taken again", 90, () =>
			insert(1000).then(
				() => true,
				() => undefined,
			),
		);
		await filled.until("Started");
		const replicas = await idsOfEachReplica(filled, "t", 2);
		expect(replicas[0]).toEqual(replicas[1]);
		expect(replicas[0]).toEqual(expect.arrayContaining(acknowledged));
		expect(new Set(replicas[0]).size).toBe(replicas[0]?.length);
	});
});
