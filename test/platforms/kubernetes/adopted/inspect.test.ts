import { describe, expect, it } from "vitest";
import { AdoptedCluster } from "../../../../src/platforms/kubernetes/adopted/cluster";
import { inspect } from "../../../../src/platforms/kubernetes/adopted/inspect";
import { change } from "../../../../src/platforms/kubernetes/adopted/template";
import { takenOver } from "../../../../src/platforms/kubernetes/adopted/words";
import type { ApiCall, Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { isAdopted, readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { v } from "../../../build";
import { fakeRegistry } from "../../../remote/fake-registry";

type Thing = Record<string, unknown>;
interface World {
	readonly statefulsets: Record<string, Thing>;
	readonly pods: Record<string, Thing>;
	readonly services: Record<string, Thing>;
	readonly configmaps: Record<string, Thing>;
}

const labels = { app: "clickhouse" };
const claimOf = (name: string) => ({ persistentVolumeClaim: { claimName: `data-${name}` } });
const podOf = (name: string, image = "clickhouse/server:1.7.1", ready = "True", volume: object = claimOf(name)) => ({
	metadata: { name, uid: `uid-${name}`, labels },
	spec: {
		containers: [{ name: "clickhouse", image, volumeMounts: [{ name: "data", mountPath: "/var/lib/clickhouse" }] }],
		volumes: [{ name: "data", ...volume }],
	},
	status: { conditions: [{ type: "Ready", status: ready }] },
});
const set = (spec: object = {}, metadata: object = {}, status: object = {}) => ({
	metadata: { name: "clickhouse", generation: 3, resourceVersion: "7", ...metadata },
	spec: {
		replicas: 2,
		selector: { matchLabels: labels },
		template: {
			metadata: { labels },
			spec: {
				containers: [
					{ name: "exporter", image: "exporter:1" },
					{ name: "clickhouse", image: "clickhouse/server:1.7.1", env: [{ name: "A" }] },
				],
			},
		},
		updateStrategy: { type: "RollingUpdate" },
		...spec,
	},
	status: { observedGeneration: 3, currentRevision: "r1", updateRevision: "r1", ...status },
});
const service = (spec: object = {}) => ({ metadata: { name: "clickhouse" }, spec: { selector: labels, ...spec } });

const good = (): World => ({
	statefulsets: { clickhouse: set() },
	pods: { "clickhouse-0": podOf("clickhouse-0"), "clickhouse-1": podOf("clickhouse-1") },
	services: { clickhouse: service() },
	configmaps: {},
});

/** What servers answer of where their data is; to all other questions they have no rows. */
interface Servers {
	readonly data?: readonly string[];
	/** Absent of servers that don't know the table. */
	readonly disks?: readonly string[];
	/** Those without the ones of temporary data; absent of servers that don't say which those are. */
	readonly dataDisks?: readonly string[];
}

function answerOf(query: string, { data = ["/var/lib/clickhouse/"], ...all }: Servers) {
	const rows = (them: readonly object[]) => ({ status: 200, text: them.map((row) => JSON.stringify(row)).join("\n") });
	if (query.includes("FROM system.disks")) {
		const disks = query.includes("system.server_settings") ? all.dataDisks : all.disks;
		return disks === undefined
			? { status: 404, text: "Code: 60, e.displayText() = DB::Exception: Table system.disks doesn't exist." }
			: rows(disks.map((path) => ({ path })));
	}
	return rows(
		query.includes("'data' AS kind") ? data.map((a) => ({ kind: "data", a, b: "", c: "", d: "", n: 0 })) : [],
	);
}

/** An API server that holds some objects, and servers. */
function clusterOf(world: World, existing: object = {}, servers: Servers = {}, image = "clickhouse/server") {
	const calls: ApiCall[] = [];
	const connection: Connection = {
		server: "https://test",
		now: () => 0,
		awayAt: () => undefined,
		async send(call) {
			calls.push(call);
			const [path = "", query = ""] = call.path.split("?");
			const [, kind = "", name = ""] = /namespaces\/db\/(\w+)(?:\/([^/]+))?/.exec(path) ?? [];
			if (path.includes("/proxy/")) return answerOf(new URLSearchParams(query).get("query") ?? "", servers);
			const all = world[kind as keyof World];
			if (name === "") {
				const wanted = (new URLSearchParams(query).get("labelSelector") ?? "").split(",").filter((one) => one !== "");
				const items = Object.values(all).filter(({ metadata }) => {
					const its = (metadata as { labels?: Record<string, string> }).labels ?? {};
					return wanted.every((one) => its[one.split("=")[0] ?? ""] === one.split("=")[1]);
				});
				return { status: 200, text: JSON.stringify({ items }) };
			}
			return all[name] === undefined ? { status: 404, text: "{}" } : { status: 200, text: JSON.stringify(all[name]) };
		},
	};
	const read = readSettings({
		namespace: "db",
		image,
		existing: { statefulSets: ["clickhouse"], services: ["clickhouse"], ...existing },
	});
	if ("problems" in read || !isAdopted(read.settings)) throw new Error(JSON.stringify(read));
	return { cluster: new AdoptedCluster("db", read.settings, undefined, connection), calls };
}

const wanted = { version: v("1.7.1"), shards: 1, replicas: 2 };

async function reasons(world: World, servers?: Servers): Promise<string[]> {
	const { cluster, calls } = clusterOf(world, {}, servers);
	const { obstacles } = await inspect(cluster, wanted);
	expect(calls.filter(({ method }) => method !== "GET")).toEqual([]);
	return obstacles.map(({ property, reason }) => `${property}: ${reason}`);
}

describe("what others made can be taken over", () => {
	it("as it is, by reading alone", async () => {
		expect(await reasons(good())).toEqual([]);
	});

	it.each<[string, Partial<World>, string]>([
		[
			"an operator manages it",
			{
				statefulsets: {
					clickhouse: set({}, { ownerReferences: [{ kind: "Installation", name: "chi", controller: true }] }),
				},
			},
			"kubernetes.existing.statefulSets: clickhouse is managed by Installation chi, which would undo every change. Update this cluster through its operator.",
		],
		[
			"a rollout is held",
			{
				statefulsets: {
					clickhouse: set(
						{ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
						{},
						{ updateRevision: "r2" },
					),
				},
			},
			"kubernetes.existing.statefulSets: a rollout of clickhouse is not complete: its partition keeps the pods below ordinal 1 at the old revision. Set spec.updateStrategy.rollingUpdate.partition to 0, or undo the rollout, and wait: kubectl rollout status statefulset/clickhouse",
		],
		[
			"its controller has not seen its last change",
			{
				statefulsets: {
					clickhouse: set(
						{ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
						{ generation: 4 },
					),
				},
			},
			"kubernetes.existing.statefulSets: a rollout of clickhouse is not complete. Wait for it first: kubectl rollout status statefulset/clickhouse",
		],
		[
			"its pods are counted otherwise",
			{ statefulsets: { clickhouse: set({ ordinals: { start: 5 } }) } },
			"kubernetes.existing.statefulSets: the pods of clickhouse are numbered from 5 (spec.ordinals.start), and only a StatefulSet whose pods are numbered from 0 can be taken over. Do not change spec.ordinals.start: the pods would get new, empty volumes. Keep updating the StatefulSet as before, or copy its tables to a new DbCluster.",
		],
		[
			"it is scaled to zero",
			{ statefulsets: { clickhouse: set({ replicas: 0 }) }, pods: {} },
			"kubernetes.existing.statefulSets: clickhouse is scaled to 0, and only a running cluster can be taken over. Scale it up first.",
		],
		[
			"a pod is not ready",
			{ pods: { "clickhouse-0": podOf("clickhouse-0"), "clickhouse-1": podOf("clickhouse-1", undefined, "False") } },
			"kubernetes.existing.statefulSets: clickhouse-1 is not ready. Take the cluster over once every replica serves.",
		],
		[
			"a pod runs another image than its StatefulSet says",
			{
				pods: {
					"clickhouse-0": podOf("clickhouse-0"),
					"clickhouse-1": podOf("clickhouse-1", "clickhouse/server:1.7.0"),
				},
			},
			"kubernetes.existing.statefulSets: clickhouse-1 runs clickhouse/server:1.7.0, and its StatefulSet has clickhouse/server:1.7.1. Complete that rollout first, or set the image back.",
		],
		[
			"its Service sends clients to what is not ready",
			{ services: { clickhouse: service({ publishNotReadyAddresses: true }) } },
			"kubernetes.existing.services: clickhouse also sends clients to replicas that are not ready. Set its publishNotReadyAddresses to false.",
		],
		[
			"its Service is of another cluster",
			{ services: { clickhouse: service({ selector: { ...labels, "pulumi-dbcluster/clients": "other" } }) } },
			"kubernetes.existing.services: clickhouse belongs to the cluster 'other'. Name another Service.",
		],
		[
			"it is of another cluster",
			{
				statefulsets: { clickhouse: set({}, { labels: { "pulumi-dbcluster/cluster": "other" } }) },
				configmaps: {
					"other-dbcluster": {
						metadata: { name: "other-dbcluster", labels: { "pulumi-dbcluster/cluster": "other" } },
						data: { record: JSON.stringify({ owner: "p/s/other" }) },
					},
				},
			},
			"kubernetes.existing.statefulSets: clickhouse is part of the cluster 'other', which belongs to p/s/other. Destroy that resource first: this releases the StatefulSet and keeps it running.",
		],
	])("not while %s", async (_, world, reason) => {
		expect(await reasons({ ...good(), ...world })).toEqual([reason]);
	});

	describe("where a webhook rewrites the image of each pod", () => {
		const hash = (revision: string) => ({ ...labels, "controller-revision-hash": revision });
		const pods = (image: string, revision?: string) =>
			Object.fromEntries(
				["clickhouse-0", "clickhouse-1"].map((name) => {
					const pod = podOf(name, image);
					const its = revision === undefined ? {} : { labels: hash(revision) };
					return [name, { ...pod, metadata: { ...pod.metadata, ...its } }];
				}),
			);
		const digest = `mirror/server@sha256:${"a".repeat(64)}`;
		const open = (image: string) =>
			Object.keys(pods(image)).map(
				(name) =>
					`kubernetes.existing.statefulSets: ${name} runs ${image}, and its StatefulSet has clickhouse/server:1.7.1. Complete that rollout first, or set the image back.`,
			);

		it("by the same tag of a mirror, or by a digest in pods of the current revision", async () => {
			expect(await reasons({ ...good(), pods: pods("mirror/library/server:1.7.1") })).toEqual([]);
			expect(await reasons({ ...good(), pods: pods(digest, "r1") })).toEqual([]);
			const { cluster } = clusterOf({ ...good(), pods: pods(digest, "r1") });
			const { obstacles } = await inspect(cluster, { ...wanted, version: v("1.8.0") });
			expect(obstacles.map(({ reason }) => reason)).toEqual([
				expect.stringMatching(/^clickhouse-0 runs 1\.7\.1\./),
				expect.stringMatching(/^clickhouse-1 runs 1\.7\.1\./),
			]);
		});

		it("not while that revision may be another one, or the tag is", async () => {
			const seen = (status: object) => ({
				...good(),
				statefulsets: { clickhouse: set({ updateStrategy: { type: "OnDelete" } }, {}, status) },
			});
			expect(await reasons({ ...good(), pods: pods(digest, "r0") })).toEqual(open(digest));
			expect(await reasons({ ...good(), pods: pods(digest) })).toEqual(open(digest));
			expect(await reasons({ ...seen({ observedGeneration: 2 }), pods: pods(digest, "r1") })).toEqual(open(digest));
			expect(await reasons({ ...seen({ updateRevision: undefined }), pods: pods(digest) })).toEqual(open(digest));
			// As by kubectl set image of a pod.
			const later = "mirror/server:1.8.0";
			expect(await reasons({ ...good(), pods: pods(later, "r1") })).toEqual(open(later));
		});

		it("not if its StatefulSet has no version of the image", async () => {
			const clickhouse = set();
			Object.assign(clickhouse.spec.template.spec.containers[1] ?? {}, { image: "other/server:1.7.1" });
			const world = { ...good(), statefulsets: { clickhouse }, pods: pods("mirror/server:1.7.1", "r1") };
			expect(await reasons(world)).toEqual(
				Object.keys(world.pods).map(
					(name) =>
						`kubernetes.image: ${name} runs other/server:1.7.1, which names no version of clickhouse/server. Set image to other/server.`,
				),
			);
		});
	});

	it("not while its shards differ", async () => {
		const world = good();
		const two = set({ replicas: 3 }, { name: "two" });
		const { cluster } = clusterOf(
			{ ...world, statefulsets: { ...world.statefulsets, two } },
			{ statefulSets: ["clickhouse", "two"] },
		);
		const { obstacles } = await inspect(cluster, { ...wanted, shards: 2 });
		expect(obstacles[0]?.reason).toBe(
			"the shards have different numbers of replicas: clickhouse 2, two 3. Scale them to the same number first.",
		);
	});

	it("not from an image that is none of the versions", async () => {
		const inSet =
			"In the StatefulSet clickhouse, set an image of clickhouse/server whose tag contains the whole version,";
		for (const [image, wayOut] of [
			["mirror/server:1.7.1", "Set image to mirror/server."],
			[
				"mirror/server:latest",
				"Set image to mirror/server. If the tags of that repository contain more than the version,",
			],
			["clickhouse/server:latest", inSet],
			["clickhouse/server", inSet],
		] as const) {
			const world = good();
			const clickhouse = set();
			Object.assign(clickhouse.spec.template.spec.containers[1] ?? {}, { image });
			const pods = { "clickhouse-0": podOf("clickhouse-0", image), "clickhouse-1": podOf("clickhouse-1", image) };
			expect(await reasons({ ...world, statefulsets: { clickhouse }, pods })).toEqual(
				Object.keys(pods).map((name) =>
					expect.stringContaining(
						`kubernetes.image: ${name} runs ${image}, which names no version of clickhouse/server. ${wayOut}`,
					),
				),
			);
		}
	});

	const taken = async (
		tags: string[],
		digests: Record<string, string>,
		reference: (image: string) => string,
		digest = "moved",
		suffix = "",
	) => {
		const registry = await fakeRegistry(tags);
		Object.assign(registry.digests, digests);
		const image = reference(registry.image);
		const world = good();
		const clickhouse = set();
		Object.assign(clickhouse.spec.template.spec.containers[1] ?? {}, { image });
		const pods = Object.fromEntries(
			["clickhouse-0", "clickhouse-1"].map((name) => {
				const pod = podOf(name, image);
				const status = { name: "clickhouse", imageID: `${registry.image}@sha256:${digest}`, state: { running: {} } };
				return [name, { ...pod, status: { ...pod.status, containerStatuses: [status] } }];
			}),
		);
		const { cluster } = clusterOf(
			{ ...world, statefulsets: { clickhouse }, pods },
			{},
			{},
			`${registry.image}${suffix}`,
		);
		const { obstacles } = await inspect(cluster, wanted);
		const said = obstacles.map(({ reason }) => reason.replaceAll(registry.host, "reg"));
		return { said, heads: registry.asked(/HEAD/).map((line) => line.replace(/.*\//, "")) };
	};

	describe("of a moving tag, a digest or none, the tag of the same image is named", () => {
		const tags = ["latest", "24.8", "25.1.2.3", "24.8.1.1", "24.8.2.2", "23.3.1.1"];
		const write = (tag: string) =>
			`It is the same image as reg/db:${tag}. Set reg/db:${tag} in the StatefulSet clickhouse, and wait until its pods have restarted: kubectl --namespace db set image statefulset/clickhouse clickhouse=reg/db:${tag}`;

		it.each<[string, (image: string) => string]>([
			["reg/db:24.8", (image) => `${image}:24.8`],
			["reg/db:latest", (image) => `${image}:latest`],
			["reg/db", (image) => image],
			["reg/db@sha256:moved", (image) => `${image}@sha256:moved`],
		])("%s", async (shown, reference) => {
			const { said } = await taken(tags, { "24.8.1.1": "moved", latest: "moved" }, reference);
			expect(said).toEqual(
				["clickhouse-0", "clickhouse-1"].map(
					(name) => `${name} runs ${shown}, which names no version of reg/db. ${write("24.8.1.1")}`,
				),
			);
		});

		it("first among those that begin alike, each asked for once", async () => {
			const { heads } = await taken(tags, { "24.8.1.1": "moved" }, (image) => `${image}:24.8`);
			expect(heads).toEqual(["24.8.2.2", "24.8.1.1"]);
		});

		it("also in another spelling, which image must have", async () => {
			const spelled = ["24.8", "24.8.1-debian-12-r0", "24.8.1-debian-12-r1"];
			const { said } = await taken(spelled, { "24.8.1-debian-12-r1": "moved" }, (image) => `${image}:24.8`);
			expect(said[0]).toContain(
				"It is the same image as reg/db:24.8.1-debian-12-r1. Set image to reg/db:{version}-debian-12-r*. Set reg/db:24.8.1-debian-12-r1 in the StatefulSet clickhouse,",
			);
			const own = await taken(spelled, {}, (image) => `${image}:24.8.1-debian-12-r1`);
			expect(own.said[0]).toMatch(/Set image to reg\/db:\{version\}-debian-12-r\*\.$/);
			expect(own.heads).toEqual([]);
		});

		it("not if none has it, after a bounded search", async () => {
			const many = Array.from({ length: 60 }, (_, index) => `24.8.${index}.1`);
			const { said, heads } = await taken(many, {}, (image) => `${image}:latest`);
			expect(said[0]).toMatch(
				/In the StatefulSet clickhouse, set an image of reg\/db whose tag contains the whole version, and wait/,
			);
			expect(heads).toHaveLength(20);
		});

		it("of the revisions any is the version that it names", async () => {
			const suffix = ":{version}-r*";
			const { said, heads } = await taken(
				["1.7.1-r1", "1.7.1-r2"],
				{},
				(image) => `${image}:1.7.1-r1`,
				"1.7.1-r1",
				suffix,
			);
			expect(said).toEqual([]);
			expect(heads).toEqual([]);
		});
	});

	const lost = (pods: string, why: string) =>
		`kubernetes.existing.statefulSets: ${pods} would lose data: ${why}, and an update replaces every pod. Copy the tables to a cluster with its data on volume claims, such as a new DbCluster without kubernetes.existing, and use the new cluster instead.`;

	it("not while a restart would take data away, of one server or of all", async () => {
		const world = good();
		const scratch = (name: string) => podOf(name, undefined, undefined, { emptyDir: {} });
		const why = "/var/lib/clickhouse/ is on the emptyDir volume data";
		const one = { ...world.pods, "clickhouse-1": scratch("clickhouse-1") };
		expect(await reasons({ ...world, pods: one })).toEqual([lost("clickhouse-1", why)]);
		const both = { "clickhouse-0": scratch("clickhouse-0"), "clickhouse-1": scratch("clickhouse-1") };
		expect(await reasons({ ...world, pods: both })).toEqual([lost("clickhouse-0, clickhouse-1", why)]);
	});

	it("not while a disk is in the container itself, also one that holds nothing yet", async () => {
		const why = "/mnt/cold/ is on no volume but in the container's own file system";
		expect(await reasons(good(), { disks: ["/var/lib/clickhouse/", "/mnt/cold/"] })).toEqual([
			lost("clickhouse-0, clickhouse-1", why),
		]);
		const dataDisks = ["/var/lib/clickhouse/"];
		expect(await reasons(good(), { disks: [...dataDisks, "/mnt/cold/"], dataDisks })).toEqual([]);
		expect(await reasons(good(), { data: ["/mnt/cold/"], dataDisks })).toEqual([
			lost("clickhouse-0, clickhouse-1", why),
		]);
		expect(await reasons(good(), { data: ["/mnt/cold/"] })).toEqual([lost("clickhouse-0, clickhouse-1", why)]);
		expect(await reasons(good(), { disks: ["/var/lib/clickhouse/", "/var/lib/clickhouse/disks/s3/", ""] })).toEqual([]);
	});

	it("not while nobody says where the data is", async () => {
		expect(await reasons(good(), { data: [] })).toEqual([
			"kubernetes.existing.statefulSets: clickhouse-0, clickhouse-1 can't be queried for where the data is, so the data may be lost with the pod. Grant the user of kubernetes.user SELECT on system.databases and system.parts.",
		]);
	});

	it("with a word about Services that are not named, a missing probe, and tables that don't replicate", async () => {
		const world = good();
		const metrics = { metadata: { name: "metrics" }, spec: { selector: labels } };
		const { cluster } = clusterOf({ ...world, services: { ...world.services, metrics } });
		expect(takenOver(cluster.existing, await inspect(cluster, wanted))).toEqual({
			replicas: "clickhouse-0, clickhouse-1 keep running; none restarts",
			statefulSets: "clickhouse gets labels, and the update strategy OnDelete instead of RollingUpdate",
			services: "clickhouse: the selector gets one more label, once all replicas have that label",
			readiness: "clickhouse has no readiness probe: pods get one for /ping with their next restart",
			undrained:
				"metrics also select these pods: clients of these Services see each restart, unless you add them to existing.services",
			replication: "no table replicates: each replica returns only its own rows",
		});
	});
});

it("one write gives a template another image, keeps all else of it, and is never seen by RollingUpdate", async () => {
	const { cluster, calls } = clusterOf(good());
	await change(cluster, 0, {
		reference: "clickhouse/server:1.8.0@sha256:1",
		version: v("1.8.0"),
		pullAlways: false,
	});
	const writes = calls.filter(({ method }) => method !== "GET");
	expect(writes).toHaveLength(1);
	expect(writes[0]?.headers).toEqual({ "content-type": "application/merge-patch+json" });
	expect(JSON.parse(writes[0]?.body ?? "")).toEqual({
		metadata: {
			resourceVersion: "7",
			labels: { "pulumi-dbcluster/cluster": "db", "pulumi-dbcluster/shard": "0" },
		},
		spec: {
			updateStrategy: { type: "OnDelete", rollingUpdate: null },
			template: {
				metadata: {
					labels: {
						"pulumi-dbcluster/cluster": "db",
						"pulumi-dbcluster/shard": "0",
						"pulumi-dbcluster/clients": "db",
					},
					annotations: {
						"pulumi-dbcluster/container": "clickhouse",
						"pulumi-dbcluster/version": "1.8.0",
						"pulumi-dbcluster/image": "clickhouse/server:1.8.0@sha256:1",
					},
				},
				spec: {
					containers: [
						{ name: "exporter", image: "exporter:1" },
						{
							name: "clickhouse",
							image: "clickhouse/server:1.8.0@sha256:1",
							env: [{ name: "A" }],
							readinessProbe: { httpGet: { path: "/ping", port: 8123 }, periodSeconds: 1, timeoutSeconds: 5 },
						},
					],
				},
			},
		},
	});
});
