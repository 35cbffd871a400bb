import { beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../../../src/control/port";
import type { AdoptedCluster } from "../../../../src/platforms/kubernetes/adopted/cluster";
import { inspect } from "../../../../src/platforms/kubernetes/adopted/inspect";
import { assess, configure, letGo, takeOver } from "../../../../src/platforms/kubernetes/adopted/takeover";
import { takenOver } from "../../../../src/platforms/kubernetes/adopted/words";
import { observe } from "../../../../src/platforms/kubernetes/ask/observe";
import type { Spec } from "../../../../src/platforms/kubernetes/change/create";
import { stop } from "../../../../src/platforms/kubernetes/change/lifecycle";
import { v } from "../../../build";
import type { FakeApi } from "../fake-api";
import { adoptedOn, server, serviceOf, setOf, settingsOf, withExisting } from "./existing";

const specOf = (more: Partial<Spec> = {}): Spec => ({
	name: "db",
	owner: "a/b/db",
	generation: "g",
	version: v("1.7.1"),
	shards: 1,
	replicas: 2,
	settings: settingsOf(),
	...more,
});

let api: FakeApi;
let cluster: AdoptedCluster;
let claim: Claim;
beforeEach(async () => {
	api = withExisting();
	cluster = adoptedOn(api);
	claim = await cluster.record.claim("test", 60);
});

const taken = async () => {
	await takeOver(cluster, claim, specOf());
	api.calls.length = 0;
};
const writes = () =>
	api.calls.filter(({ method }) => method !== "GET").map(({ path }) => path.replace(/.*\/db\/|\?.*/g, ""));
const stored = () => cluster.record.read();
const labelsOf = (kind: string, name: string) => api.objects.get(`${kind}/${name}`).metadata.labels;
const selectorOf = (name: string) => api.objects.get(`services/${name}`).spec.selector;
const ours = { "pulumi-dbcluster/cluster": "db", "pulumi-dbcluster/shard": "0" };
const clients = { "pulumi-dbcluster/clients": "db" };

describe("a takeover", () => {
	it("labels StatefulSets, their templates, then pods, then Services, and writes the record last", async () => {
		api.calls.length = 0;
		const uids = api.all("pods").map(({ metadata }) => metadata.uid);
		await taken();
		expect(labelsOf("statefulsets", "chi")).toEqual({ app: "chi", ...ours });
		const { template, updateStrategy } = api.objects.get("statefulsets/chi").spec;
		expect(template.metadata.labels).toEqual({ app: "chi", all: "yes", ...ours, ...clients });
		expect(updateStrategy).toEqual({ type: "OnDelete" });
		expect(labelsOf("pods", "chi-1")).toMatchObject({ ...ours, ...clients });
		expect(api.objects.get("pods/chi-1").metadata.annotations).toEqual({
			"pulumi-dbcluster/container": "clickhouse",
			"pulumi-dbcluster/version": "1.7.1",
			"pulumi-dbcluster/image": "clickhouse/server:1.7.1",
		});
		expect(selectorOf("chi")).toEqual({ all: "yes", ...clients });
		expect(await stored()).toMatchObject({
			owner: "a/b/db",
			generation: "g",
			shards: 1,
			replicas: 2,
			settings: settingsOf(),
			openedBy: { "chi-0": "1.7.1", "chi-1": "1.7.1" },
		});
		expect(await stored()).not.toHaveProperty("update");
		expect(api.all("pods").map(({ metadata }) => metadata.uid)).toEqual(uids);
	});

	it.each(["mirror/library/server:1.7.1", `mirror/server@sha256:${"a".repeat(64)}`])(
		"knows the version of pods whose image a webhook rewrites: %s",
		async (image) => {
			for (const pod of api.all("pods")) pod.spec = { ...pod.spec, containers: [server({ image })] };
			await taken();
			expect((await observe(cluster))?.replicas).toMatchObject([
				{ version: "1.7.1", openedBy: "1.7.1" },
				{ version: "1.7.1", openedBy: "1.7.1" },
			]);
			expect(api.objects.get("statefulsets/chi").spec.template.spec.containers[0].image).toBe(
				"clickhouse/server:1.7.1",
			);
			// What died in the middle is repeated, on a template of another revision.
			for (const pod of api.all("pods")) pod.metadata.labels["controller-revision-hash"] = "q";
			await takeOver(cluster, claim, specOf());
		},
	);

	it("writes in the order in which no Service loses a pod", async () => {
		api.calls.length = 0;
		await takeOver(cluster, claim, specOf({ update: { policy: "latest" } as Spec["update"] }));
		expect(writes()).toEqual([
			"statefulsets/chi",
			"pods/chi-0",
			"pods/chi-1",
			"services/chi",
			"configmaps/db-dbcluster",
		]);
		expect(await stored()).toMatchObject({ update: { policy: "latest" } });
	});

	it("does nothing where something is in the way", async () => {
		api.calls.length = 0;
		await expect(takeOver(cluster, claim, specOf({ replicas: 3, version: v("1.8.0") }))).rejects.toThrow(
			/replicas to 2.*\n.*version to 1\.7\.1/,
		);
		expect(writes()).toEqual([]);
	});

	it("does nothing to another owner's, and may be repeated", async () => {
		await taken();
		await expect(takeOver(cluster, claim, specOf({ owner: "other" }))).rejects.toThrow("a/b/db");
		expect(writes()).toEqual([]);
		await takeOver(cluster, claim, specOf());
	});

	it("labels every pod, whatever numbers are in its name", async () => {
		api.put("statefulsets", setOf("shop-0", [server()], { replicas: 11 }));
		api.put("services", serviceOf("shop", { app: "shop-0" }));
		const existing = { statefulSets: ["shop-0"], services: ["shop"] };
		const spec = specOf({ replicas: 11, settings: settingsOf(existing) });
		await takeOver(adoptedOn(api, existing), claim, spec);
		const labelled = api.all("pods").filter(({ metadata }) => metadata.labels["pulumi-dbcluster/clients"] === "db");
		expect(labelled.map(({ metadata }) => metadata.name)).toEqual(
			Array.from({ length: 11 }, (_, ordinal) => `shop-0-${ordinal}`),
		);
	});

	it("leaves alone a pod that its StatefulSet only selects, and one that is being deleted", async () => {
		for (const name of ["chi-backup", "chi-x-0"])
			api.put("pods", { ...api.objects.get("pods/chi-0"), metadata: { name, labels: { app: "chi" } } });
		for (const name of ["chi-backup", "chi-x-0"]) api.objects.get(`pods/${name}`).status = { phase: "Succeeded" };
		const { metadata } = api.objects.get("pods/chi-1");
		await taken();
		expect(labelsOf("pods", "chi-backup")).toEqual({ app: "chi" });
		expect(labelsOf("pods", "chi-x-0")).toEqual({ app: "chi" });
		api.put("pods", {
			...api.objects.get("pods/chi-1"),
			metadata: { ...metadata, deletionTimestamp: "2026-11-23T10:00:00Z" },
		});
		api.calls.length = 0;
		await configure(cluster, claim, specOf());
		expect(writes().filter((path) => path.startsWith("pods"))).toEqual(["pods/chi-0"]);
	});
});

describe("other arguments of existing StatefulSets", () => {
	beforeEach(() => taken());
	const refused = async (more: Partial<Spec> = {}, existing: object = {}) => {
		const { obstacles, ...rest } = await assess(adoptedOn(api, existing), specOf(more));
		expect(rest).toEqual({ restarts: [], joins: [], leaves: [], rejoins: [] });
		return obstacles.map(({ property }) => property);
	};

	it("change nothing, as they are", async () => {
		expect(await refused()).toEqual([]);
	});

	it.each<[string, Partial<Spec>, object, readonly string[]]>([
		["other StatefulSets", {}, { statefulSets: ["chi", "two"] }, ["kubernetes.existing"]],
		["another container", {}, { container: "db" }, ["kubernetes.existing"]],
		["a shard more", { shards: 2 }, {}, ["shards"]],
		["a replica more", { replicas: 3 }, {}, ["replicas"]],
		["a Service that is not there", {}, { services: ["chi", "two"] }, ["kubernetes.existing.services"]],
		[
			"all of it",
			{ shards: 2, replicas: 1 },
			{ services: ["two"] },
			["shards", "replicas", "kubernetes.existing.services"],
		],
	])("can't be had: %s", async (_, more, existing, properties) => {
		expect(await refused(more, existing)).toEqual(properties);
	});

	it("are those of the StatefulSet, whatever it was scaled to since", async () => {
		api.objects.get("statefulsets/chi").spec.replicas = 3;
		expect(await refused()).toContain("replicas");
		expect(await refused({ replicas: 3 })).not.toContain("replicas");
	});

	it("count the size before it was stopped", async () => {
		api.objects.get("statefulsets/chi").spec.replicas = 0;
		expect(await refused()).toEqual([]);
		expect(await refused({ replicas: 1 })).toEqual(["replicas"]);
		await cluster.record.change(({ replicas: _, ...now }) => now);
		expect(await refused({ replicas: 1 })).toEqual([]);
		delete api.objects.get("statefulsets/chi").spec.replicas;
		expect(await refused({ replicas: 1 })).toEqual([]);
	});

	it("are none of a cluster that DbCluster created, nor of one that is gone", async () => {
		await cluster.record.change(({ settings, ...now }) => ({
			...now,
			settings: { ...settings, existing: undefined } as never,
		}));
		expect(await refused()).toEqual(["kubernetes.existing"]);
		api.objects.delete("configmaps/db-dbcluster");
		await expect(refused()).rejects.toThrow("db-dbcluster");
	});
});

describe("existing StatefulSets whose volume claims Kubernetes deletes when they are scaled down", () => {
	const retain = (whenScaled: string, more: object = {}) =>
		Object.assign(api.objects.get("statefulsets/chi").spec, {
			persistentVolumeClaimRetentionPolicy: { whenScaled },
			...more,
		});
	const toStop = specOf({ desiredState: "Stopped" });
	const refused = async (spec = toStop) => (await assess(cluster, spec)).obstacles;

	it("are not stopped, and the refusal says what to set", async () => {
		retain("Delete");
		await taken();
		const [obstacle] = await refused();
		expect(obstacle?.property).toBe("desiredState");
		expect(obstacle?.reason).toContain(
			`kubectl --namespace db patch statefulset chi --patch '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain"}}}'`,
		);
		await expect(stop(cluster, claim)).rejects.toThrow(obstacle?.reason);
		expect(writes()).toEqual([]);
		expect(api.objects.get("statefulsets/chi").spec.replicas).toBe(2);
	});

	it("are taken over, with a word about it, unless they are to be stopped right then", async () => {
		retain("Delete");
		expect(takenOver(cluster.existing, await inspect(cluster, specOf())).volumes).toMatch(/\bchi\b.*whenScaled/);
		await expect(takeOver(cluster, claim, toStop)).rejects.toThrow("whenScaled");
		await taken();
		expect(await refused(specOf())).toEqual([]);
	});

	it("are stopped once they keep the claims, and where they have none", async () => {
		for (const [policy, more] of [["Retain"], ["Delete", { volumeClaimTemplates: undefined }]] as const) {
			api = withExisting();
			cluster = adoptedOn(api);
			claim = await cluster.record.claim("test", 60);
			await taken();
			retain(policy, more);
			expect(takenOver(cluster.existing, await inspect(cluster, toStop))).not.toHaveProperty("volumes");
			expect(await refused()).toEqual([]);
			await stop(cluster, claim);
			expect(api.objects.get("statefulsets/chi").spec.replicas).toBe(0);
		}
		// What is stopped loses nothing any more.
		retain("Delete", { replicas: 0 });
		expect(await refused()).toEqual([]);
		await stop(cluster, claim);
	});

	it("lose some with each replica that is scaled away", async () => {
		await taken();
		const reason = async (replicas: number) => (await refused(specOf({ replicas })))[0]?.reason;
		expect(await reason(1)).not.toContain("volumes");
		retain("Delete");
		expect(await reason(1)).toContain("volumes");
		expect(await reason(3)).not.toContain("volumes");
	});
});

describe("settings of existing StatefulSets", () => {
	it("are stored, and Services that are no longer listed get back all pods", async () => {
		const more = ["one", "two"].map((name) => serviceOf(name, { all: "yes" }));
		for (const service of more) api.put("services", service);
		const before = { services: ["chi", "one"] };
		await takeOver(adoptedOn(api, before), claim, specOf({ settings: settingsOf(before) }));
		const settings = settingsOf({ services: ["chi", "two"] });
		cluster = adoptedOn(api, settings.existing);
		await configure(cluster, claim, specOf({ settings, update: { policy: "latest" } as Spec["update"] }));
		expect(await stored()).toMatchObject({ settings, update: { policy: "latest" }, owner: "a/b/db" });
		expect([selectorOf("chi"), selectorOf("one"), selectorOf("two")]).toEqual([
			{ all: "yes", ...clients },
			{ all: "yes" },
			{ all: "yes", ...clients },
		]);
		await configure(cluster, claim, specOf({ settings }));
		expect(await stored()).toMatchObject({ update: { policy: "latest" } });
	});

	it("write nothing but the record where all is as it was", async () => {
		await taken();
		await configure(cluster, claim, specOf());
		expect(writes().filter((path) => path.startsWith("services"))).toEqual([]);
	});
});

describe("a release", () => {
	it("takes every label off again, and leaves the servers running", async () => {
		await taken();
		const uids = api.all("pods").map(({ metadata }) => metadata.uid);
		await letGo(cluster, claim);
		expect(labelsOf("statefulsets", "chi")).toEqual({ app: "chi" });
		expect(selectorOf("chi")).toEqual({ all: "yes" });
		expect(await stored()).toBeUndefined();
		expect(api.all("pods").map(({ metadata }) => metadata.uid)).toEqual(uids);
	});

	it("of what was never taken over keeps the claim", async () => {
		await letGo(cluster, claim);
		expect(await stored()).toMatchObject({ claim: { holder: "test" } });
	});

	it("is none of a Service that is gone", async () => {
		await taken();
		api.objects.delete("services/chi");
		await letGo(cluster, claim);
		expect(await stored()).toBeUndefined();
	});
});
