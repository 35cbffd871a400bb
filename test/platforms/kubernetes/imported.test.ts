import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Imported, imported } from "../../../src/pulumi/apply/imported";
import * as provider from "../../../src/pulumi/provider";
import { reasonsIn } from "../../reasons";
import { fakeRegistry } from "../../remote/fake-registry";
import { FakeApi, type Thing } from "./fake-api";

const cluster = vi.hoisted(() => ({ api: undefined as unknown, contexts: [] as unknown[] }));
vi.mock("../../../src/platforms/kubernetes/api/connection", () => ({
	connect: ({ context }: { readonly context?: string }) => {
		cluster.contexts.push(context);
		return cluster.api;
	},
}));
vi.mock("../../../src/roll/clock", async (original) => {
	let now = Date.now();
	const sleep = async (milliseconds: number) => {
		now += milliseconds;
		await new Promise(setImmediate);
	};
	return { ...(await original<object>()), systemClock: { now: () => now, sleep } };
});

let api: FakeApi;
beforeEach(() => {
	vi.spyOn(console, "log").mockImplementation(() => {});
	api = fresh();
});

function fresh(): FakeApi {
	const made = new FakeApi("db");
	made.put("secrets", { metadata: { name: "db-password" }, data: { password: "cGFzcw==", app: "cGFzcw==" } });
	cluster.api = made;
	cluster.contexts.length = 0;
	return made;
}

type Properties = Record<string, unknown>;
const owner = "p/s/db";
const writes = () => api.calls.filter(({ method }) => method !== "GET");

async function created(args: Properties): Promise<Thing> {
	const { inputs = {}, failures = [] } = await provider.check({}, args);
	expect(reasonsIn(failures)).toEqual([]);
	const { id, outs = {} } = await provider.create(inputs);
	api.calls.length = 0;
	return { id, inputs, outputs: outs };
}

/** What the preview right after an import finds, also if the program differs from what was imported. */
async function previewOf({ id, inputs, outputs }: Imported, more: Properties = {}) {
	const { inputs: news = {}, failures = [] } = await provider.check(inputs, { ...inputs, ...more });
	const { changes } = await provider.diff(id, outputs, news);
	return { news, changes, refused: reasonsIn(failures) };
}

const refusal = (id: string) =>
	imported(id, owner).then(
		() => "it was imported",
		(error: Error) => error.message,
	);

const registry = fakeRegistry(["1.7.1", "1.8.0", "v1.8.0-r2"]);
const labels = fc.dictionary(fc.constantFrom("team", "disk"), fc.constantFrom("data", "ssd"), { minKeys: 1 });
const file = "<clickhouse><max_concurrent_queries>7</max_concurrent_queries></clickhouse>";

/** Arguments of `kubernetes`, as a person would write them. */
const settings = fc.record(
	{
		namespace: fc.constant("db"),
		passwordSecret: fc.constantFrom({ name: "db-password" }, { name: "db-password", key: "app" }),
		spelling: fc.constantFrom("", ":v{version}-r*"),
		kubeconfig: fc.constantFrom("apiVersion: v1\nA_SECRET", "/home/A_SECRET"),
		context: fc.constantFrom("prod", "arn:aws:eks:eu:1:cluster/prod"),
		storage: fc.constantFrom("1Gi", "500Gi"),
		storageClass: fc.constant("fast"),
		resources: fc.record(
			{ requests: fc.constant({ memory: "4Gi" }), limits: fc.constant({ memory: "8Gi" }) },
			{ requiredKeys: ["requests"] },
		),
		config: fc.constant({ "limits.xml": file }),
		users: fc.constant({ "readers.xml": "<clickhouse><users><reader><no_password/></reader></users></clickhouse>" }),
		keeper: fc.constantFrom(["keeper-0.keeper:2181"], ["a", "b:2182"]),
		user: fc.constant("app"),
		imagePullSecrets: fc.constant(["login"]),
		nodeSelector: labels,
		tolerations: fc.constant([{ key: "db", operator: "Exists" }]),
		affinity: fc.constant({ nodeAffinity: { a: [1, { b: [] }] } }),
		serviceAccountName: fc.constant("analytics"),
		labels,
		annotations: labels,
		service: fc.record(
			{ type: fc.constantFrom("NodePort", "LoadBalancer"), annotations: labels },
			{ requiredKeys: ["type"] },
		),
		configRoot: fc.constant("yandex"),
		readOnlyRootFilesystem: fc.constant(true),
		gracePeriodSeconds: fc.constantFrom(30, 120),
	},
	{ requiredKeys: ["namespace", "passwordSecret", "spelling"] },
);

describe("a cluster that DbCluster created", () => {
	it("is imported with the arguments that made it, whatever they are, and without its credentials", async () => {
		const { image } = await registry;
		const programs = fc.record({
			settings,
			shards: fc.integer({ min: 1, max: 2 }),
			replicas: fc.integer({ min: 1, max: 3 }),
			update: fc.constantFrom({ drainSeconds: 60 }, { localTables: ["default.loc"], hold: { seconds: 9 } }),
			former: fc.constantFrom(owner, "p/s/other"),
		});
		await fc.assert(
			fc.asyncProperty(programs, async ({ settings: { spelling, ...rest }, shards, replicas, update, former }) => {
				api = fresh();
				const kubernetes: Thing = { ...rest, image: `${image}${spelling}` };
				// Files are checked against the root element of the server.
				if (kubernetes.configRoot === "yandex")
					for (const files of [kubernetes.config, kubernetes.users])
						for (const name of Object.keys(files ?? {})) files[name] = files[name].replaceAll("clickhouse>", "yandex>");
				const args = { name: "db", owner: former, version: "1.8.0", shards, replicas, update, kubernetes };
				const first = await created(args);
				cluster.contexts.length = 0;
				const found = await imported(first.id, owner);

				const { kubeconfig: _, ...recoverable } = kubernetes;
				const { shards: __, ...one } = args;
				expect(found.inputs).toEqual({
					...(shards === 1 ? one : args),
					owner,
					...(former !== owner && { adopt: true }),
					kubernetes: recoverable,
					endpoint: "http://db.db.svc:8123",
				});
				expect(found.id).toBe(first.id);
				expect(found.outputs).toMatchObject({ state: "Started", server: first.outputs.server });
				expect(found.notes.at(-1)).toContain("desiredState and kubernetes.kubeconfig are not stored");
				expect(JSON.stringify(found)).not.toMatch(/A_SECRET|cGFzcw|"pass"/);
				expect(await previewOf(found)).toMatchObject({ changes: false, refused: [] });
				expect(new Set(cluster.contexts)).toEqual(new Set([kubernetes.context]));
				expect(writes()).toEqual([]);
			}),
			{ numRuns: 40 },
		);
	});
});

/** A cluster as its author wrote it: examples/adopt/plain.yaml, in short. */
async function plain(): Promise<{ readonly image: string; readonly set: Thing; readonly service: Thing }> {
	const { image } = await registry;
	const its = { app: "clickhouse" };
	const server = {
		name: "clickhouse",
		image: `${image}:1.7.1`,
		env: [
			{ name: "CLICKHOUSE_USER", value: "app" },
			{ name: "CLICKHOUSE_PASSWORD", valueFrom: { secretKeyRef: { name: "db-password", key: "password" } } },
		],
		ports: [{ containerPort: 8123 }, { containerPort: 9000 }],
		volumeMounts: [{ name: "data", mountPath: "/var/lib/clickhouse" }],
	};
	return {
		image,
		set: {
			metadata: { name: "clickhouse" },
			spec: {
				replicas: 2,
				selector: { matchLabels: its },
				template: { metadata: { labels: its }, spec: { containers: [server] } },
				updateStrategy: { type: "RollingUpdate" },
				volumeClaimTemplates: [{ metadata: { name: "data" } }],
			},
		},
		service: {
			metadata: { name: "clickhouse" },
			spec: { clusterIP: "10.0.0.1", selector: its, ports: [{ port: 8123 }] },
		},
	};
}

/** What a chart makes: two shards, whose server is not the first container and listens elsewhere. */
async function chart(): Promise<string> {
	const { image, set, service } = await plain();
	for (const shard of ["0", "1"]) {
		const its = { app: "clickhouse", shard };
		const [server] = set.spec.template.spec.containers;
		const db = {
			...server,
			name: "db",
			env: [],
			ports: [{ name: "http", containerPort: 8124 }, { containerPort: 8123 }],
		};
		const containers = [{ name: "metrics", image: `${image}:metrics` }, db];
		api.put("statefulsets", {
			metadata: { name: `shop-${shard}` },
			spec: {
				...set.spec,
				selector: { matchLabels: its },
				template: { metadata: { labels: its }, spec: { containers } },
			},
		});
	}
	const headless = { metadata: { name: "nodes" }, spec: { ...service.spec, clusterIP: "None" } };
	const native = { metadata: { name: "all" }, spec: { ...service.spec, ports: [{ port: 9000 }] } };
	for (const each of [headless, native, service]) api.put("services", each);
	return image;
}

/** Servers say where their data is. */
const onVolumes = (sql: string) => ({
	status: 200,
	text: sql.includes("'data' AS kind")
		? JSON.stringify({ kind: "data", a: "/var/lib/clickhouse/", b: "", c: "", d: "", n: 0 })
		: "",
});

describe("existing StatefulSets that were taken over", () => {
	it("are imported with the arguments that took them over", async () => {
		const { image, set, service } = await plain();
		api.answer = onVolumes;
		api.put("statefulsets", set);
		api.put("services", service);
		const kubernetes = {
			namespace: "db",
			image,
			user: "app",
			passwordSecret: { name: "db-password" },
			existing: { statefulSets: ["clickhouse"], services: ["clickhouse"] },
		};
		const args = { name: "analytics", owner, version: "1.7.1", replicas: 2, kubernetes };
		await created({ ...args, adopt: true });
		const found = await imported("kubernetes:db/analytics", owner);
		expect(found.inputs).toEqual({ ...args, endpoint: "http://clickhouse.db.svc:8123" });
		expect(await previewOf(found)).toMatchObject({ changes: false, refused: [] });
		// Which they are may be named; others are not meant.
		expect((await imported("kubernetes:db/analytics=clickhouse", owner)).inputs).toEqual(found.inputs);
		expect(await refusal("kubernetes:db/analytics=other")).toBe(
			"the cluster 'analytics' in the namespace db is managed by DbCluster already, and does not consist of other. In the id, leave out = and the StatefulSets, or give another name.",
		);
		expect(await refusal("kubernetes:db/clickhouse")).toBe(
			"the StatefulSet clickhouse is part of the cluster 'analytics': import that one, analytics.",
		);
		expect(writes()).toEqual([]);
	});
});

describe("existing StatefulSets that DbCluster does not manage", () => {
	beforeEach(() => {
		api.answer = onVolumes;
	});

	it("are imported with the arguments that adopt them as they are; the next up takes them over", async () => {
		const { image, set, service } = await plain();
		api.put("statefulsets", set);
		api.put("services", service);
		const found = await imported("kubernetes:db/clickhouse", owner);
		const kubernetes = {
			namespace: "db",
			image,
			user: "app",
			passwordSecret: { name: "db-password" },
			existing: { statefulSets: ["clickhouse"], services: ["clickhouse"] },
		};
		const args = { name: "clickhouse", owner, version: "1.7.1", replicas: 2, adopt: true, kubernetes };
		expect(found.inputs).toMatchObject(args);
		expect(found.outputs).toMatchObject({
			state: "Started",
			replicaVersions: ["clickhouse-0", "clickhouse-1"].map((name) => ({ name, version: "1.7.1" })),
		});
		const { changes, refused, news } = await previewOf(found);
		expect({ changes, refused }).toEqual({ changes: true, refused: [] });
		expect(news.caveats).toMatchObject({
			"taken over": { replicas: "clickhouse-0, clickhouse-1 keep running; none restarts" },
		});
		// A version that it does not run is no takeover.
		expect((await previewOf(found, { version: "1.8.0" })).refused[0]).toMatch(/Set version to 1\.7\.1: a takeover/);
		expect(writes()).toEqual([]);

		await provider.delete(found.id, found.outputs);
		expect(writes()).toEqual([]);
		const pods = api.all("pods").map(({ metadata }) => metadata.uid);
		const { outs = {} } = await provider.update(found.id, found.outputs, news);
		expect(api.all("pods").map(({ metadata }) => metadata.uid)).toEqual(pods);
		expect(api.all("statefulsets")[0].spec.updateStrategy).toMatchObject({ type: "OnDelete" });
		// From then on it is a cluster like any other.
		const { adopt: _, ...plainArgs } = args;
		const { inputs = {}, failures = [] } = await provider.check(news, plainArgs);
		expect(failures).toEqual([]);
		expect(await provider.diff(found.id, outs, inputs)).toMatchObject({ changes: false });
		expect((await imported(found.id, owner)).inputs).toEqual({ ...plainArgs, endpoint: found.inputs.endpoint });
	});

	it("are named by shard; of Services those that can be drained, the one with the HTTP port first", async () => {
		const image = await chart();
		const found = await imported("kubernetes:prod/db/shop=shop-0,shop-1", owner);
		expect(found.id).toBe("kubernetes:prod/db/shop");
		expect(found.inputs).toMatchObject({
			name: "shop",
			shards: 2,
			replicas: 2,
			kubernetes: {
				namespace: "db",
				context: "prod",
				image,
				existing: { statefulSets: ["shop-0", "shop-1"], services: ["clickhouse", "all"], container: "db" },
			},
		});
		expect(await refusal("kubernetes:db/shop=shop-0")).toBe(
			"all also sends clients to shop-1-0, shop-1-1, which would lose those clients, because DbCluster adds a label to the selector of all. Add the StatefulSet of those pods to kubernetes.existing.statefulSets, or name a Service that selects only these replicas.",
		);
		expect(await refusal("kubernetes:db/shop=shop-0,shop-2")).toBe(
			"the namespace db has no StatefulSet shop-2. It has shop-0, shop-1.",
		);
	});

	it("are imported without a login that can't be found out, and the result says so", async () => {
		await chart();
		api.answer = () => ({ status: 403, text: "Code: 194. DB::Exception: default: Authentication failed" });
		const found = await imported("kubernetes:db/shop=shop-0,shop-1", owner);
		expect(found.notes[0]).toMatch(
			/^The login of shop is not known: shop-0-0 can't be queried at port 8123: .*Authentication failed.*\. Set kubernetes\.user and kubernetes\.passwordSecret in the program; the takeover needs them\.$/,
		);
		api.answer = onVolumes;
		const kubernetes = { ...(found.inputs.kubernetes as object), user: "app", passwordSecret: { name: "db-password" } };
		expect(await previewOf(found, { kubernetes })).toMatchObject({ changes: true, refused: [] });
	});

	it.each<[string, (set: Thing, service: Thing) => void, RegExp]>([
		["runs no version", (set) => image(set, ":latest"), /^clickhouse-0 runs .*:latest, which names no version of/],
		[
			"is stopped",
			(set) => Object.assign(set.spec, { replicas: 0 }),
			/^clickhouse has no pod, and only a running cluster can be imported/,
		],
		[
			"has no Service",
			(_, service) => Object.assign(service.spec, { clusterIP: "None" }),
			/no Service with a cluster IP selects/,
		],
		[
			"is an operator's",
			(set) =>
				Object.assign(set.metadata, { ownerReferences: [{ kind: "Installation", name: "chi", controller: true }] }),
			/^clickhouse is managed by Installation chi/,
		],
		[
			"has several containers that may be the server",
			(set) => {
				const { spec } = set.spec.template;
				spec.containers = ["a", "b"].map((name) => ({ ...spec.containers[0], name }));
			},
			/^it is unknown which container of clickhouse is the server: of a, b, none is named clickhouse, and none or several have port 8123\. Declare/,
		],
	])("are not imported where one %s", async (_, change, reason) => {
		const { set, service } = await plain();
		change(set, service);
		api.put("statefulsets", set);
		api.put("services", service);
		expect(await refusal("kubernetes:db/clickhouse")).toMatch(reason);
	});

	const image = (set: Thing, tag: string) => {
		const [server] = set.spec.template.spec.containers;
		server.image = server.image.replace(/:[^:/]*$/, tag);
	};
});

describe("a place without the cluster", () => {
	it("is told to have none, with what it has", async () => {
		const { image, set } = await plain();
		await created({
			name: "analytics",
			owner,
			version: "1.8.0",
			kubernetes: { namespace: "db", image, passwordSecret: { name: "db-password" } },
		});
		api.put("statefulsets", set);
		expect(await refusal("kubernetes:db/sales")).toBe(
			`the namespace db at ${api.server} has no cluster 'sales' and no StatefulSet of that name. Its clusters: analytics. Its other StatefulSets: clickhouse. An id ends with the name of a cluster. To import existing StatefulSets under a new name, list them in the order of the shards: sales=STATEFULSET,STATEFULSET.`,
		);
		expect(await refusal("kubernetes:db/analytics-0")).toBe(
			"the StatefulSet analytics-0 is part of the cluster 'analytics': import that one, analytics.",
		);
		api.objects.delete("configmaps/analytics-dbcluster");
		expect(await refusal("kubernetes:db/analytics")).toMatch(
			/^the StatefulSet analytics-0 is part of the cluster 'analytics', whose record, the ConfigMap analytics-dbcluster, is missing: restore it/,
		);
	});

	it("that can't be asked is told why", async () => {
		api.failure = { status: 403, text: JSON.stringify({ kind: "Status", message: "configmaps is forbidden" }) };
		expect(await refusal("kubernetes:db/analytics")).toBe(
			`the API server at ${api.server} forbids this request: configmaps is forbidden.`,
		);
	});
});
