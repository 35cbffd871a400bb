import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { hostileTexts } from "../../abuse/misuse";
import { reasonsIn } from "../../reasons";
import { freePort, versions } from "./place";

// What check accepts, however odd, is a cluster that does what its arguments say.

const engines = { [versions.v2]: "@chdb/lib-linux-x64-gnu" };
let root: string;
beforeAll(() => {
	root = mkdtempSync(join(realpathSync(tmpdir()), "dbcluster-odd-"));
	vi.spyOn(console, "log").mockImplementation(() => {});
});
afterAll(() => {
	vi.restoreAllMocks();
	rmSync(root, { recursive: true, force: true });
});

const names = fc.oneof(
	// Inside of the folder, and no longer than a name on a disk.
	fc.constantFrom(...hostileTexts.filter((text) => !text.includes("..") && text.length < 100)),
	fc.string({ unit: "grapheme-composite", minLength: 1, maxLength: 20 }),
);
const clusterNames = fc.stringMatching(/^[a-z][a-z0-9-]{0,40}[a-z0-9]$/);

test("a cluster in a folder of any name that is accepted is created, answers, remembers and is deleted", async () => {
	let created = 0;
	let run = 0;
	await fc.assert(
		fc.asyncProperty(names, clusterNames, fc.constantFrom(1, 2), async (folder, name, replicas) => {
			if (created === 3) return;
			const directory = join(root, `${run++}${folder.replaceAll("/", "_")}`);
			const port = await freePort();
			const args = {
				...{ version: versions.v2, name, owner: "p/s/odd", replicas, deletionPolicy: "Delete" },
				local: { directory, port, engines, idleAfterSeconds: -0 },
			};
			const { inputs = {}, failures } = await provider.check({}, args);
			const refused = reasonsIn(failures);
			if (refused.length > 0) {
				const reasons = /^local\.directory: .*( is not a folder\. Give a path| and the engine exits if the path)/;
				expect(refused).toEqual([expect.stringMatching(reasons)]);
				return;
			}
			created++;
			const { id, outs } = await provider.create(inputs);
			const text = folder.replace(/\p{Cs}/gu, "");
			try {
				expect(id).toBe(`local:${directory}/${name}`);
				const query = async (sql: string) =>
					(await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: sql })).text();
				expect(await query("SELECT version()")).toBe(`${versions.v2}\n`);
				await query("CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s");
				await query(`INSERT INTO t FORMAT JSONEachRow ${JSON.stringify({ s: text })}`);
				expect(JSON.parse(await query("SELECT s FROM t FORMAT JSONEachRow"))).toEqual({ s: text });
				// Nothing that is unchanged is changed, whatever it is called.
				const again = await provider.check(inputs, args);
				expect(reasonsIn(again.failures)).toEqual([]);
				expect(await provider.diff(id, outs ?? {}, again.inputs ?? {})).toMatchObject({ changes: false });
			} finally {
				await provider.delete(id, outs ?? {});
			}
		}),
		{ numRuns: 30 },
	);
	expect(created).toBe(3);
});
