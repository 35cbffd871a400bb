import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { recordedStatus } from "../../src/cli/look";
import { clustersIn, hasSecrets, revealed } from "../../src/cli/state";
import { listing } from "../../src/cli/status";
import { ControlError } from "../../src/control/errors";
import { harmless } from "../../src/core/visible";
import { Store } from "../../src/platforms/local/store";
import { complete } from "../../src/pulumi/args/complete";
import { recall, record } from "../../src/pulumi/judge/snapshot";
import { rehearsedLines } from "../../src/words/rehearsal";
import { clusters } from "../arbitrary";
import { v } from "../build";
import { garbled, garblings } from "./garbled";
import { expectReadable } from "./said";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-records-"));
afterAll(() => rmSync(folder, { recursive: true }));

const local = {
	format: 1,
	fence: 3,
	claim: {
		holder: "ann@build, process 1",
		fence: 3,
		expires: "2026-11-28T10:00:00Z",
		process: { pid: 1, started: "1" },
	},
	cluster: {
		name: "analytics",
		owner: "p/s/analytics",
		generation: "g",
		shards: 1,
		replicas: 1,
		mark: { from: "1.7.1", to: "1.8.0", since: "2026-11-28T10:00:00Z" },
		held: { "analytics-0-0": { tables: 1, digest: "ab" } },
		rehearsed: {
			...{
				at: "2026-11-28T10:00:00Z",
				from: "1.7.1",
				to: "1.8.0",
				about: "x",
				places: [{ name: "here", replicas: [] }],
			},
			tables: {
				loaded: 1,
				refused: { count: 0, first: [] },
				notCreated: { count: 1, first: [{ name: "t", reason: "r" }] },
				skipped: 0,
			},
		},
		desired: "Started",
		port: 20_000,
		idleAfterSeconds: 0,
		engines: { "1.7.1": "/e" },
		addon: "/e/a.node",
		wanted: { "0-0": { version: "1.7.1", run: 1 } },
	},
};

test("the record of a local cluster is read, or refused as a whole, whatever is in the file", () => {
	mkdirSync(join(folder, "a"));
	fc.assert(
		fc.property(fc.array(garblings, { minLength: 1, maxLength: 2 }), (faults) => {
			const text = faults.reduce(garbled, JSON.stringify(local));
			writeFileSync(join(folder, "a", "cluster.json"), text);
			try {
				const { cluster } = new Store(join(folder, "a")).read() ?? {};
				for (const line of Object.values(rehearsedLines(cluster?.rehearsed))) expect(line.length).toBeLessThan(2000);
			} catch (error) {
				expect(error).toBeInstanceOf(ControlError);
				expect((error as Error).message).toContain("is not a cluster's record");
			}
		}),
		{ numRuns: 500 },
	);
});

test("what a state recalls of a cluster can be told again, or is nothing", () => {
	fc.assert(
		fc.property(clusters, garblings, (cluster, fault) => {
			const text = garbled(JSON.stringify(record(cluster, undefined)), fault);
			let value: unknown;
			try {
				value = JSON.parse(text);
			} catch {
				return;
			}
			const found = recall(value);
			if (found !== undefined) record(found, value, { version: v("9.9.9") });
		}),
		{ numRuns: 500 },
	);
});

const urn = "urn:pulumi:live::shop::dbcluster:index:DbCluster::analytics";
const state = {
	version: 3,
	deployment: {
		resources: [
			{
				urn,
				id: "local:/x/analytics",
				type: "dbcluster:index:DbCluster",
				inputs: { version: "1.8.0", name: "analytics", owner: "o", local: { directory: "/x", port: 2000 } },
				outputs: {
					version: "1.8.0",
					latestVersion: "1.9.0",
					state: "Started",
					replicaVersions: [{ name: "analytics-0-0", version: "1.8.0" }],
				},
			},
		],
	},
};

test("a state file is listed, whatever is in it, and nothing of it acts in a terminal", () => {
	fc.assert(
		fc.property(fc.array(garblings, { minLength: 1, maxLength: 3 }), (faults) => {
			let value: unknown;
			try {
				value = JSON.parse(faults.reduce(garbled, JSON.stringify(state)));
			} catch {
				return;
			}
			const found = clustersIn(value, "live");
			for (const { inputs } of found) {
				hasSecrets(inputs);
				try {
					complete(revealed(inputs) as Record<string, unknown>);
				} catch (error) {
					expect(error).toBeInstanceOf(ControlError);
				}
			}
			if (found.length > 0) expectReadable(harmless(listing(found.map(recordedStatus))), 100_000);
		}),
		{ numRuns: 500 },
	);
});

test("a secret that is no JSON is left out, and repeated by no error", () => {
	const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: "hunter2" };
	expect(revealed({ a: secret, b: 1 })).toEqual({ a: undefined, b: 1 });
});
