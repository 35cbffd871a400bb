import { describe, expect, it } from "vitest";
import type { Pod, VolumeClaim } from "../../../../src/platforms/kubernetes/api/types";
import {
	claimsOf,
	growVolumes,
	markLeft,
	openedVolumes,
	rememberOpened,
	sizeOfVolumes,
	volumeClaims,
} from "../../../../src/platforms/kubernetes/change/volumes";
import { v } from "../../../build";
import { FakeApi, type Thing } from "../fake-api";
import { clusterOn } from "../made";

describe("the volumes that an earlier cluster left", () => {
	const cluster = clusterOn(new FakeApi("db"));
	const claim = (name: string, more: { readonly left?: string; readonly phase?: string } = {}) => ({
		metadata: { name, annotations: { ...(more.left && { "pulumi-dbcluster/left": more.left }) } },
		status: { phase: more.phase ?? "Bound" },
	});
	const said = (size: string, ...claims: ReturnType<typeof claim>[]) => {
		const [shards = 0, replicas = 0] = size.split("x").map(Number);
		return sizeOfVolumes(cluster, claims, { shards, replicas }).map(({ property }) => property);
	};
	const two = [claim("data-db-0-0"), claim("data-db-0-1")];

	it.each([
		["1x2", two, []],
		["1x1", two, ["replicas"]],
		["1x3", two, ["replicas"]],
		["2x2", two, ["shards"]],
		["1x1", [...two, claim("data-db-1-0")], ["shards", "replicas"]],
		["4x4", [], []],
		// What is not the name of a replica's volume tells nothing.
		["1x2", [...two, claim("backup-of-db")], []],
	] as [string, ReturnType<typeof claim>[], string[]][])("%s over %j", (size, claims, properties) => {
		expect(said(size, ...claims)).toEqual(properties);
	});

	it("are counted in the reason", () => {
		const why = (wanted: { readonly shards: number; readonly replicas: number }, ...names: string[]) =>
			sizeOfVolumes(
				cluster,
				names.map((name) => claim(name)),
				wanted,
			).map(({ reason }) => reason);
		const [shards, replicas] = why({ shards: 1, replicas: 1 }, "data-db-0-0", "data-db-0-1", "data-db-1-0");
		expect(shards).toMatch(/ 2 shards\b(?!.*\bto 1\b).* data-db-1-0 -n db/);
		expect(replicas).toMatch(/ 2 replicas\b.*\bto 2\b.*\bto 1\b.* data-db-0-1 -n db/);
		expect(why({ shards: 2, replicas: 2 }, "data-db-0-0")).toEqual([
			expect.stringMatching(/ 1 shard\b.*\bto 1\b.*\bto 2\b/),
			expect.stringMatching(/ 1 replica\b.*\bto 1\b.*\bto 2\b/),
		]);
	});

	it("do not count where their replica left on purpose", () => {
		expect(said("1x2", ...two, claim("data-db-0-2", { left: "true" }))).toEqual([]);
		expect(said("1x2", ...two, claim("data-db-0-2", { left: "no" }))).toEqual(["replicas"]);
		expect(said("1x3", ...two, claim("data-db-0-2", { left: "true" }))).toEqual(["replicas"]);
	});

	it("that were never bound hold nothing, and tell the size", () => {
		const pending = claim("data-db-0-2", { phase: "Pending" });
		expect(said("1x2", ...two, pending)).toEqual([]);
		expect(said("1x3", ...two, pending)).toEqual([]);
	});
});

describe("the volumes of a cluster", () => {
	/** Of the cluster `db` unless labelled otherwise. */
	const claims = (api: FakeApi, sizes: Readonly<Record<string, string | undefined>>, its: object = {}) => {
		for (const [name, storage] of Object.entries(sizes))
			api.put("persistentvolumeclaims", {
				metadata: { name, labels: { "pulumi-dbcluster/cluster": "db" }, ...its },
				...(storage && { spec: { resources: { requests: { storage } } } }),
			});
	};
	const patched = (api: FakeApi): Record<string, Thing> =>
		Object.fromEntries(
			api.calls
				.filter(({ method }) => method === "PATCH")
				.map(({ path, body }) => [/persistentvolumeclaims\/([^?]+)/.exec(path)?.[1], JSON.parse(body ?? "")]),
		);

	it("grow to what is asked for, and never shrink", async () => {
		const api = new FakeApi("db");
		const cluster = clusterOn(api);
		claims(api, { "data-db-0-0": "5Gi", "data-db-0-1": "10Gi", "data-db-0-2": "20Gi", "data-db-0-3": undefined });
		claims(api, { "data-other-0-0": "5Gi" }, { labels: { "pulumi-dbcluster/cluster": "other" } });
		const found = await volumeClaims(cluster);
		const shape = { shards: 1, replicas: 4, settings: { storage: "10Gi" } };
		await growVolumes(cluster, found, shape, { dryRun: true });
		expect(await volumeClaims(cluster)).toEqual(found);
		api.calls.length = 0;
		await growVolumes(cluster, found, shape);
		const larger = { spec: { resources: { requests: { storage: "10Gi" } } } };
		expect(patched(api)).toEqual({ "data-db-0-0": larger, "data-db-0-3": larger });
	});

	it("remember the version that opened them, by the record or by a pod that has started", async () => {
		const api = new FakeApi("db");
		const cluster = clusterOn(api);
		claims(api, { "data-db-0-0": "1Gi", "data-db-0-1": "1Gi", "data-db-0-2": "1Gi" });
		const podOf = (name: string, imageID: string): Pod => ({
			metadata: { name, uid: name },
			spec: { containers: [{ name: "server", image: "127.0.0.1:1/db:1.9.0" }] },
			status: { containerStatuses: [{ name: "server", imageID }] },
		});
		const stored = { fence: 0, openedBy: { "db-0-0": v("1.8.0") }, opening: { "db-0-2": { version: v("1.9.0") } } };
		await rememberOpened(cluster, stored, await volumeClaims(cluster), [podOf("db-0-0", "i"), podOf("db-0-1", "")]);
		const found = await volumeClaims(cluster);
		expect(openedVolumes(found)).toEqual({ "db-0-0": "1.9.0", "db-0-2": "1.9.0" });
		expect(Object.keys(patched(api))).toEqual(["data-db-0-0", "data-db-0-2"]);
		// Whatever else somebody writes there is no version.
		claims(api, { "data-db-0-1": "1Gi" }, { annotations: { "pulumi-dbcluster/opened-by": "latest" } });
		expect(openedVolumes(await volumeClaims(cluster))).toStrictEqual({ "db-0-0": "1.9.0", "db-0-2": "1.9.0" });
	});

	it("are marked once as left, and once as back", async () => {
		const api = new FakeApi("db");
		const cluster = clusterOn(api);
		claims(api, { "data-db-0-0": "1Gi", "data-db-0-1": "1Gi" });
		const annotation = (left: string | null) => ({ metadata: { annotations: { "pulumi-dbcluster/left": left } } });
		const mark = async (left: boolean) => {
			api.calls.length = 0;
			await markLeft(cluster, claimsOf(await volumeClaims(cluster), ["db-0-1", "db-0-2"]), left);
			return patched(api);
		};
		expect(await mark(false)).toEqual({});
		expect(await mark(true)).toEqual({ "data-db-0-1": annotation("true") });
		expect(await mark(true)).toEqual({});
		expect(await mark(false)).toEqual({ "data-db-0-1": annotation(null) });
	});

	it("are those of replicas by name, and nothing else", () => {
		const named = (name: string): VolumeClaim => ({ metadata: { name } });
		const all = ["data-db-0-0", "more-data-db-0-1"].map(named);
		expect(claimsOf(all, ["db-0-0", "db-0-1"])).toEqual([named("data-db-0-0")]);
	});
});
