import { beforeEach, describe, expect, it } from "vitest";
import type { Claim } from "../../../../src/control/port";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { create, foundBy, mayBeMade, type Spec } from "../../../../src/platforms/kubernetes/change/create";
import { destroy } from "../../../../src/platforms/kubernetes/change/lifecycle";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { v } from "../../../build";
import { FakeApi } from "../fake-api";
import { clusterOn, settingsOf, specOf } from "../made";

const ours = { "pulumi-dbcluster/cluster": "db" };

/** What is said of a cluster `db` that is to be made in a namespace that holds some objects already: kind, name, labels. */
async function said(...objects: readonly [kind: string, name: string, labels?: object][]): Promise<string> {
	const connection: Connection = {
		server: "https://test",
		now: () => 0,
		awayAt: () => undefined,
		async send({ path }) {
			const { pathname, searchParams } = new URL(path, "https://test");
			const [, kind, name] = /namespaces\/default\/(\w+)(?:\/(.*))?/.exec(pathname) ?? [];
			const wanted = name ?? /^metadata\.name=(.*)/.exec(searchParams.get("fieldSelector") ?? "")?.[1];
			const labelled = searchParams.get("labelSelector");
			const items = objects
				.filter(([its, called]) => its === kind && (wanted === undefined || called === wanted))
				.filter(([, , labels]) => labelled === null || JSON.stringify(labels) === JSON.stringify(ours))
				.map(([, called, labels]) => ({ metadata: { name: called, labels }, spec: {} }));
			const found = name === undefined ? { items } : items[0];
			return found === undefined ? { status: 404, text: "{}" } : { status: 200, text: JSON.stringify(found) };
		},
	};
	const read = readSettings({ namespace: "default", image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const { settings } = read;
	const spec = { name: "db", owner: "a/b/db", version: v("1.8.0"), shards: 1, replicas: 2, settings };
	return mayBeMade(new Cluster("db", settings, undefined, connection), spec).then(
		() => "",
		(error: Error) => error.message,
	);
}

describe("what has a name of a cluster that is to be made, and is another's", () => {
	it.each([
		["configmaps", "ConfigMap", "db-config"],
		["services", "Service", "db"],
		["services", "Service", "db-headless"],
		["services", "Service", "db-0-1"],
		["poddisruptionbudgets", "PodDisruptionBudget", "db-0"],
	])("is left alone: %s", async (kind, shown, name) => {
		expect(await said([kind, name])).toBe(
			`the namespace default has a ${shown} ${name} that does not belong to this cluster: choose another name, or remove it first`,
		);
		expect(await said([kind, name, { "pulumi-dbcluster/cluster": "other" }])).toContain(`${shown} ${name}`);
	});

	it("is none where an earlier try made it, or where names differ", async () => {
		expect(await said()).toBe("");
		expect(await said(["services", "db", ours], ["configmaps", "db-config", ours])).toBe("");
		expect(await said(["services", "db-0-2"], ["configmaps", "settings"])).toBe("");
	});
});

it("is made only once every object is accepted by a dry run: a preview may lack the rights for that", async () => {
	const api = new FakeApi("db");
	const cluster = clusterOn(api);
	const claim = await cluster.record.claim("test", 60);
	const send = api.send.bind(api);
	const message = 'services "db" is forbidden: User "ci" cannot create resource "services" in API group ""';
	api.send = async (call) =>
		call.method === "PATCH" && call.path.includes("/services/db?")
			? { status: 403, text: JSON.stringify({ kind: "Status", message }) }
			: send(call);
	const before = [...api.objects.keys()];
	await expect(create(cluster, claim, specOf())).rejects.toThrow(message);
	expect([...api.objects.keys()]).toEqual(before);
	expect(await cluster.record.read()).not.toHaveProperty("owner");
	api.send = send;
	await create(cluster, claim, specOf());
	expect(api.objects.has("services/db")).toBe(true);
});

describe("over the volumes that an earlier cluster left", () => {
	let api: FakeApi;
	let cluster: Cluster;
	let claim: Claim;
	const volume = (replica: string, annotations: object = {}, status = "Bound") =>
		api.put("persistentvolumeclaims", {
			metadata: { name: `data-${replica}`, labels: ours, annotations },
			spec: { storageClassName: "standard", resources: { requests: { storage: "100Gi" } } },
			status: { phase: status },
		});
	const sizes = () => api.all("persistentvolumeclaims").map(({ spec }) => spec.resources.requests.storage);
	const reasons = async (more: Partial<Spec>) =>
		(await mayBeMade(cluster, specOf(more))).obstacles.map(({ property, reason }) => `${property}: ${reason}`);
	beforeEach(async () => {
		api = new FakeApi("db");
		cluster = clusterOn(api);
		claim = await cluster.record.claim("test", 60);
		for (const replica of ["db-0-0", "db-0-1"]) volume(replica);
	});

	it("they grow to the storage that is asked for, and never shrink", async () => {
		expect(await reasons({ settings: settingsOf({ storage: "500Gi" }) })).toEqual([]);
		expect(sizes()).toEqual(["100Gi", "100Gi"]);
		await create(cluster, claim, specOf({ settings: settingsOf({ storage: "500Gi" }) }));
		expect(sizes()).toEqual(["500Gi", "500Gi"]);
		api = new FakeApi("db");
		cluster = clusterOn(api);
		for (const replica of ["db-0-0", "db-0-1"]) volume(replica);
		await create(cluster, await cluster.record.claim("test", 60), specOf({ settings: settingsOf({ storage: "1Gi" }) }));
		expect(sizes()).toEqual(["100Gi", "100Gi"]);
	});

	it("a size that they can't have is refused before anything is written", async () => {
		const send = api.send.bind(api);
		const message = "only dynamically provisioned pvc can be resized";
		api.send = async (call) =>
			call.method === "PATCH" && call.path.includes("/persistentvolumeclaims/")
				? { status: 403, text: JSON.stringify({ kind: "Status", message }) }
				: send(call);
		const settings = settingsOf({ storage: "500Gi" });
		expect(await reasons({ settings })).toEqual([expect.stringMatching(`^kubernetes.storage: .*${message}`)]);
		await expect(create(cluster, claim, specOf({ settings }))).rejects.toThrow(message);
		expect(await cluster.record.read()).not.toHaveProperty("owner");
	});

	it("another StorageClass is refused; their own may be named, or left out", async () => {
		expect(await reasons({ settings: settingsOf({ storageClass: "fast" }) })).toEqual([
			"kubernetes.storageClass: the volumes that an earlier cluster 'db' left have the StorageClass standard, and that can't be changed. Leave storageClass out. If you don't need their data, delete it: kubectl delete pvc data-db-0-0 data-db-0-1 -n db.",
		]);
		expect(await reasons({ settings: settingsOf({ storageClass: "standard" }) })).toEqual([]);
		expect(await reasons({})).toEqual([]);
		expect(await reasons({ replicas: 2, shards: 1 })).toEqual([]);
	});

	it("they are their owner's: another sets adopt, and is told; they are nobody's once they are used", async () => {
		await create(cluster, claim, specOf());
		await destroy(cluster, claim, { data: false });
		const other = { owner: "c/d/db" };
		const why = "the volumes of 'db' hold the data of an earlier cluster: a/b/db destroyed it and kept the data. Set";
		await expect(mayBeMade(cluster, specOf(other))).rejects.toThrow(why);
		const next = await cluster.record.claim("test", 60);
		await expect(create(cluster, next, specOf(other))).rejects.toThrow(why);
		expect(await cluster.record.read()).not.toHaveProperty("owner");

		expect(await foundBy(cluster, specOf())).toEqual({});
		expect(await foundBy(cluster, specOf(other))).toEqual({
			data: "a/b/db destroyed its cluster and kept the data, which is used: data-db-0-0, data-db-0-1",
		});
		await create(cluster, next, specOf({ ...other, adopt: true }));
		const marks = api.all("persistentvolumeclaims").map(({ metadata }) => metadata.annotations);
		expect(marks).toEqual([{ "pulumi-dbcluster/opened-by": "1.8.0" }, { "pulumi-dbcluster/opened-by": "1.8.0" }]);
	});

	it("those whose owner nothing tells may be used, and that is said", async () => {
		expect(await foundBy(cluster, specOf())).toEqual({
			data: "an earlier cluster of this name left data, which is used: data-db-0-0, data-db-0-1",
		});
		api.objects.delete("persistentvolumeclaims/data-db-0-0");
		volume("db-0-1", {}, "Pending");
		expect(await foundBy(cluster, specOf())).toEqual({});
	});
});
