import { beforeEach, describe, expect, it, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { reasonsIn } from "../../reasons";
import { server, serviceOf, setOf, withExisting } from "./adopted/existing";
import { FakeApi } from "./fake-api";

const cluster = vi.hoisted(() => ({ api: undefined as unknown }));
vi.mock("../../../src/platforms/kubernetes/api/connection", () => ({ connect: () => cluster.api }));

type Properties = Record<string, unknown>;
const kubernetes = { namespace: "db", image: "127.0.0.1:1/db", passwordSecret: { name: "p" } };
const versions = { list: ["1.7.1", "1.8.0"].map((version) => ({ version })) };
const update = { rehearsal: { policy: "off" } };
const args = { owner: "p/s/db", name: "db", version: "1.7.1", replicas: 2, kubernetes, versions, update };

let api: FakeApi;
let id: string;
let inputs: Properties;
let outputs: Properties;

/** What is left of a cluster after `kubectl delete configmap --all`. */
beforeEach(async () => {
	vi.spyOn(console, "log").mockImplementation(() => {});
	api = new FakeApi("db");
	cluster.api = api;
	api.put("secrets", { metadata: { name: "p" }, data: { password: "cA==" } });
	const before = await provider.check({}, { ...args, deletionPolicy: "Delete" });
	inputs = before.inputs ?? {};
	const made = await provider.create(inputs);
	({ id, outs: outputs = {} } = made);
	for (const name of ["data-db-0-0", "data-db-0-1"])
		api.put("persistentvolumeclaims", {
			metadata: { name, labels: { "pulumi-dbcluster/cluster": "db" } },
			spec: { resources: { requests: { storage: "100Gi" } } },
			status: { phase: "Bound" },
		});
	for (const { metadata } of api.all("configmaps")) api.objects.delete(`configmaps/${metadata.name}`);
});

const previewed = async (more: Properties = {}, olds = inputs) => {
	const { inputs: news = {}, failures = [] } = await provider.check(olds, {
		...args,
		deletionPolicy: "Delete",
		...more,
	});
	return { news, refused: reasonsIn(failures) };
};
const record = () => JSON.parse(api.objects.get("configmaps/db-dbcluster")?.data.record ?? "{}");
const uids = () => api.all("pods").map(({ metadata }) => metadata.uid);
const missing = /the ConfigMap db-dbcluster, is missing.*[Rr]estore (it|that ConfigMap) from a backup.*adopt/;

describe("a cluster whose record was deleted", () => {
	it("is not ended by a destroy, which says so and keeps the resource", async () => {
		const before = [...api.objects.keys()];
		await expect(provider.delete(id, outputs)).rejects.toThrow(missing);
		expect([...api.objects.keys()]).toEqual(before);
	});

	it("is not said to be gone, before a refresh nor after it", async () => {
		expect((await previewed({ version: "1.8.0" })).refused).toEqual([expect.stringMatching(missing)]);
		const { inputs: refreshed = {} } = await provider.read(id, outputs);
		expect((await previewed({ version: "1.8.0" }, refreshed)).refused).toEqual([expect.stringMatching(missing)]);
		// What does not change is left alone.
		expect((await previewed()).refused).toEqual([]);
		await expect(provider.update(id, outputs, { ...inputs, version: "1.8.0" })).rejects.toThrow(missing);
		expect(record()).not.toHaveProperty("owner");
	});

	it("gets a new record by adopt: true, restarts nothing, and goes by it from then on", async () => {
		const before = uids();
		const { news, refused } = await previewed({ adopt: true });
		expect(refused).toEqual([]);
		expect(news.caveats).toEqual({ "taken over": { record: expect.stringContaining("db-dbcluster") } });
		expect(await provider.diff(id, outputs, news)).toMatchObject({ changes: true });
		const { outs = {} } = await provider.update(id, outputs, news);
		expect(outs).toMatchObject({ state: "Started", generation: outputs.generation });
		expect(record()).toMatchObject({
			...{ owner: "p/s/db", generation: outputs.generation, shards: 1, replicas: 2 },
			openedBy: { "db-0-0": "1.7.1", "db-0-1": "1.7.1" },
		});
		expect(record()).not.toHaveProperty("mark");
		expect(api.objects.has("configmaps/db-config")).toBe(true);
		expect(uids()).toEqual(before);
		const next = await previewed({}, news);
		expect([next.refused, (await provider.diff(id, outs, next.news)).changes]).toEqual([[], false]);
		// And once more, if it is lost again.
		const kept = api.objects.get("configmaps/db-dbcluster");
		api.objects.delete("configmaps/db-dbcluster");
		expect(await provider.diff(id, outs, (await previewed({ adopt: true }, news)).news)).toMatchObject({
			changes: true,
		});
		api.put("configmaps", kept);
		expect((await previewed({ version: "1.8.0" }, news)).refused).toEqual([]);
		await provider.delete(id, outs);
		expect([...api.objects.keys()]).toEqual(["secrets/p"]);
	});

	it("gets one also where the state is gone, too", async () => {
		expect((await previewed({}, {})).refused).toEqual([expect.stringMatching(missing)]);
		const { news, refused } = await previewed({ adopt: true }, {});
		expect(refused).toEqual([]);
		await provider.create(news);
		expect(record()).toMatchObject({ owner: "p/s/db", replicas: 2 });
	});

	it("gets one only as it is: with its version, its size and its replicas", async () => {
		const refusals = async (more: Properties) => (await previewed({ adopt: true, ...more })).refused;
		expect(await refusals({ version: "1.8.0" })).toEqual([
			"version: 'db' runs 1.7.1. Set version to 1.7.1: what the missing record said is taken from what runs. Update in the next step.",
		]);
		expect(await refusals({ replicas: 3 })).toEqual([expect.stringMatching(/^replicas: .*Set replicas to 2/)]);
		expect(await refusals({ replicas: 1 })).toEqual([expect.stringMatching(/^replicas: .*Set replicas to 2/)]);
		const { spec, ...set } = api.objects.get("statefulsets/db-0");
		api.put("statefulsets", { ...set, spec: { ...spec, replicas: 0 } });
		expect(await refusals({})).toEqual([
			expect.stringContaining("kubectl scale statefulset db-0 --replicas=2 --namespace=db"),
		]);
	});

	it("of which replicas were told to start a later version has that one: it may have opened their data", async () => {
		const { spec, ...set } = api.objects.get("statefulsets/db-0");
		const [server] = spec.template.spec.containers;
		const containers = [{ ...server, image: "127.0.0.1:1/db:1.8.0" }];
		const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
		api.put("statefulsets", { ...set, spec: { ...spec, template } });
		expect((await previewed({ adopt: true })).refused).toEqual([expect.stringMatching(/^version: .*to 1\.8\.0/)]);
		const { news, refused } = await previewed({ adopt: true, version: "1.8.0" });
		expect(refused).toEqual([]);
		expect((await provider.update(id, outputs, news)).outs).toMatchObject({
			replicaVersions: [{ version: "1.8.0" }, { version: "1.8.0" }],
		});
	});

	it("is gone where nothing of it is left", async () => {
		api.objects.delete("statefulsets/db-0");
		expect((await previewed({ version: "1.8.0" })).refused).toEqual([expect.stringContaining("any more")]);
		expect((await previewed({ version: "1.8.0", adopt: true })).refused).toEqual([expect.stringContaining("any more")]);
		await provider.delete(id, outputs);
	});

	it("that others made is another's still", async () => {
		const { metadata, ...set } = api.objects.get("statefulsets/db-0");
		const { "app.kubernetes.io/managed-by": _, ...labels } = metadata.labels;
		api.put("statefulsets", { ...set, metadata: { ...metadata, labels } });
		expect((await previewed({ adopt: true }, {})).refused).toEqual([
			expect.stringContaining("was not created by DbCluster"),
		]);
	});
});

it("existing StatefulSets are taken over once more by adopt: true, and let go of then", async () => {
	vi.spyOn(console, "log").mockImplementation(() => {});
	const image = "127.0.0.1:1/db";
	api = withExisting(setOf("chi", [server({ image: `${image}:1.7.1` })]));
	cluster.api = api;
	api.put("services", serviceOf("chi", { all: "yes" }));
	const existing = { statefulSets: ["chi"], services: ["chi"] };
	const its = { ...args, kubernetes: { namespace: "db", image, existing } };
	const check = async (olds: Properties, more: Properties = {}) => {
		const { inputs: news = {}, failures = [] } = await provider.check(olds, { ...its, ...more });
		return { news, refused: reasonsIn(failures) };
	};
	const { news } = await check({}, { adopt: true });
	const { outs: before = {} } = await provider.create(news);
	api.objects.delete("configmaps/db-dbcluster");
	await expect(provider.delete("kubernetes:db/db", before)).rejects.toThrow(missing);
	expect((await check(news, { version: "1.8.0" })).refused).toEqual([expect.stringMatching(missing)]);
	const again = await check(news, { adopt: true });
	expect(again.refused).toEqual([]);
	const { outs: after = {} } = await provider.update("kubernetes:db/db", before, again.news);
	expect(record()).toMatchObject({ owner: "p/s/db" });
	await provider.delete("kubernetes:db/db", after);
	expect(api.objects.get("services/chi").spec.selector).toEqual({ all: "yes" });
	expect(api.all("pods")).toHaveLength(2);
});
