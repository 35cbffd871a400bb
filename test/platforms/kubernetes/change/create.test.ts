import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { create, mayBeMade } from "../../../../src/platforms/kubernetes/change/create";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { v } from "../../../build";
import { FakeApi } from "../fake-api";
import { clusterOn, specOf } from "../made";

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
