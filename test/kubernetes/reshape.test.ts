import { expect, it, vi } from "vitest";
import type { Pod, VolumeClaim } from "../../src/platforms/kubernetes/api/types";
import { kubernetesControl } from "../../src/platforms/kubernetes/control";
import { unknownValue } from "../../src/pulumi/stored";
import { Space, unavailable } from "./harness";
import { startLoad } from "./load";
import { type Properties, Resource } from "./resource";

const minute = 60_000;

/** The default StorageClass once more, with volumes that may grow. */
async function growingClass(space: Space): Promise<string> {
	const path = "/apis/storage.k8s.io/v1/storageclasses";
	const { connection } = space.api;
	const { items } = JSON.parse((await connection.send({ method: "GET", path })).text);
	const marked = "storageclass.kubernetes.io/is-default-class";
	const { provisioner, parameters, volumeBindingMode } = items.find(
		({ metadata }: { metadata: { annotations?: Properties } }) => metadata.annotations?.[marked] === "true",
	);
	const name = `${space.namespace}-growing`;
	const metadata = { name };
	const object = { metadata, provisioner, parameters, volumeBindingMode, allowVolumeExpansion: true };
	const headers = { "content-type": "application/json" };
	await connection.send({ method: "POST", path, headers, body: JSON.stringify(object) });
	return name;
}

it.skipIf(unavailable !== undefined)(
	"a cluster grows, gets other settings and shrinks while clients work, and what would lose data is refused in preview",
	{ timeout: 10 * minute },
	async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		const storageClass = await growingClass(space);
		try {
			const db = new Resource({
				owner: "project/stack/db",
				name: "db",
				version: "1.7.1",
				versions: { list: [{ version: "1.7.1" }] },
			});
			const at = (replicas: number, more: Properties = {}, shards = 1) => ({
				shards,
				replicas,
				kubernetes: space.settings({ storageClass, ...more }),
			});
			await db.up(at(2));
			// Another name for the same API server is no move, and a version is judged whatever else is not known yet.
			const { kubeconfig, passwordSecret } = space.settings({});
			const config = JSON.parse(String(kubeconfig));
			const contexts = [...config.contexts, { ...config.contexts[0], name: "alias" }];
			const aliased = { kubeconfig: JSON.stringify({ ...config, contexts }), context: "alias" };
			expect((await db.preview(at(2, aliased))).refused).toEqual([]);
			const toBeMade = { passwordSecret: { ...passwordSecret, name: unknownValue } };
			expect((await db.preview({ ...at(2, toBeMade), version: "0.9.1.4" })).refused).toContainEqual(
				expect.stringContaining("0.9.1.4 is older than 1.7.1"),
			);
			const table = (engine: string) => `(n UInt64, d Date DEFAULT toDate('2026-01-01')) ENGINE = ${engine}`;
			for (const pod of ["db-0-0", "db-0-1"]) {
				await space.queryPod(pod, "CREATE DATABASE shop");
				await space.queryPod(
					pod,
					`CREATE TABLE shop.rows ${table(`ReplicatedMergeTree('/${space.namespace}/{shard}/rows', '{replica}', d, n, 8192)`)}`,
				);
				await space.queryPod(pod, "CREATE VIEW shop.a_view AS SELECT count() AS c FROM shop.rows");
				const everywhere = `CREATE TABLE IF NOT EXISTS shop.everywhere ${table("Distributed(db, shop, rows)")}`;
				await space.queryPeers(pod, everywhere);
			}
			const endpoint = await space.endpoint("db");
			await space.reachable("db");
			const load = startLoad({ endpoint, table: "shop.rows" });

			const larger = at(3, { resources: { requests: { cpu: "10m", memory: "96Mi" } }, storage: "2Gi" });
			const { inputs, refused } = await db.preview(larger);
			expect(refused).toEqual([]);
			expect(inputs.caveats).toEqual({
				"settings at 1.7.1": {
					image: expect.stringMatching(/:1\.7\.1@sha256:/),
					joins: "db-0-2 gets the tables, then the rows, then clients",
					order: "db-0-1, then db-0-0",
					reads: "SELECT keeps working",
					resets: "each keep-alive connection may be reset once per replica",
					writes: "may fail for a while as each replica restarts",
				},
			});
			await db.up(larger);
			expect((await db.preview(larger)).inputs).not.toHaveProperty("caveats");
			const claims = await space.api.list<{ spec: { resources: unknown } }>("persistentvolumeclaims", {});
			expect(claims.map(({ spec }) => spec.resources)).toEqual(Array(3).fill({ requests: { storage: "2Gi" } }));
			const pod = await space.api.get<{ spec: { containers: { resources: unknown }[] } }>("pods", "db-0-0");
			expect(pod?.spec.containers[0]?.resources).toEqual({ requests: { cpu: "10m", memory: "96Mi" } });
			expect(
				await space.queryPod("db-0-2", "SELECT name FROM system.tables WHERE database = 'shop' ORDER BY name"),
			).toBe("a_view\neverywhere\nrows");

			// Everything that would lose data, all at once.
			await space.queryPod("db-0-2", `CREATE TABLE shop.lonely ${table("TinyLog")}`);
			await space.queryPod("db-0-2", "INSERT INTO shop.lonely (n) VALUES (1)");
			expect((await db.preview(at(2, { storage: "1Gi" }))).refused).toEqual([
				expect.stringMatching(/^kubernetes\.storage: volumes can't shrink: data-db-0-\d has 2Gi, and 1Gi is less\./),
			]);
			const kept = { resources: { requests: { cpu: "10m", memory: "96Mi" } }, storage: "2Gi" };
			expect((await db.preview(at(2, kept))).refused).toEqual([
				"replicas: db-0-2 can't be removed: `shop`.`lonely` has rows and does not replicate (TinyLog). Move, flush or drop that data first. Set replicas back to 3 until then.",
			]);
			expect((await db.preview(at(3, { ...kept, storageClass: "another" }))).refused).toEqual([
				expect.stringMatching(/^kubernetes\.storageClass: the volumes have .*, and that can't be changed\./),
			]);

			await space.queryPod("db-0-2", "DROP TABLE shop.lonely");
			// As an autoresizer does: the program says less, and nobody asked for it to shrink.
			const grown = { spec: { resources: { requests: { storage: "3Gi" } } } };
			await space.api.merge("persistentvolumeclaims", "data-db-0-1", grown);
			const smaller = at(2, kept);
			expect((await db.preview(smaller)).inputs.caveats).toMatchObject({
				"settings at 1.7.1": {
					leaves:
						"db-0-2 is removed permanently, and its replicated tables are dropped; on Kubernetes its volume is kept",
				},
			});
			expect(await db.up(smaller)).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
			expect(await space.queryPod("db-0-0", "SELECT DISTINCT total_replicas FROM system.replicas")).toBe("2");
			expect(await space.api.get("services", "db-0-2")).toBeUndefined();

			// Whatever else changes, a new version is judged by what runs.
			const engines = [
				{ version: "1.7.1", engine: "23.3" },
				{ version: "1.8.0", engine: "24.8" },
			];
			const upgraded = { ...smaller, version: "1.8.0" };
			expect((await db.preview({ ...upgraded, versions: { list: engines } })).refused).toEqual([
				expect.stringMatching(
					/^version: db-0-\d runs 1\.7\.1 \(built on ClickHouse 23\.3\), and 1\.8\.0 \(built on ClickHouse 24\.8\) must not run beside 1\.7\.1: /,
				),
			]);
			// Nothing else can answer while the first one restarts: the other never gets what is written all the while.
			await space.queryPod("db-0-0", "SYSTEM STOP FETCHES");
			const list = [{ version: "1.7.1" }, { version: "1.8.0" }];
			await vi.waitFor(
				async () =>
					expect((await db.preview({ ...upgraded, versions: { list } })).refused).toEqual([
						expect.stringMatching(
							/^version: the update to 1\.8\.0 would start with db-0-1, and no other replica of its shard could serve meanwhile: db-0-0 has not caught up \(its table shop\.rows lacks rows that other replicas have\)\./,
						),
					]),
				{ timeout: minute, interval: 500 },
			);
			await space.queryPod("db-0-0", "SYSTEM START FETCHES");

			const seen = await load.stop();
			expect(seen.failedSelects).toEqual([]);
			expect(seen.failedInserts).toEqual([]);
			expect(seen.inserts).toBeGreaterThan(50);
			const numbers = [...seen.acknowledged].sort((a, b) => a - b).join("\n");
			for (const pod of ["db-0-0", "db-0-1"])
				await vi.waitFor(
					async () => {
						const rows = await space.queryPod(pod, "SELECT n FROM shop.rows ORDER BY n");
						// One that was refused may have been done all the same.
						expect(
							rows
								.split("\n")
								.filter((n) => seen.acknowledged.includes(Number(n)))
								.join("\n"),
						).toBe(numbers);
					},
					{ timeout: minute, interval: 500 },
				);

			// What somebody deletes comes back with the next `up` after a refresh.
			await space.api.delete("services", "db");
			await space.api.delete("poddisruptionbudgets", "db-0");
			expect(await db.refresh()).toMatchObject({ state: "Starting" });
			expect((await db.preview(smaller)).changes).toBe(true);
			expect(await db.up(smaller)).toMatchObject({ state: "Started", version: "1.7.1" });
			await space.reachable("db");
			expect(await space.api.get("poddisruptionbudgets", "db-0")).toBeDefined();
			expect((await db.preview(smaller)).changes).toBe(false);
		} finally {
			lines.mockRestore();
			await space.close();
			await space.api.connection.send({
				method: "DELETE",
				path: `/apis/storage.k8s.io/v1/storageclasses/${storageClass}`,
			});
		}
	},
);

it.skipIf(unavailable !== undefined)(
	"volumes of a class that can't grow are refused in preview, and shards come and stay",
	async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		try {
			const db = new Resource({ owner: "project/stack/db", name: "db", version: "1.7.1", replicas: 1 });
			const versions = { list: [{ version: "1.7.1" }] };
			const at = (shards: number, storage = "1Gi") => ({ versions, shards, kubernetes: space.settings({ storage }) });
			await db.up(at(1));
			await space.queryPod("db-0-0", "CREATE TABLE rows (n UInt64) ENGINE = Log");
			expect((await db.preview(at(1, "5Gi"))).refused).toEqual([
				expect.stringMatching(/^kubernetes\.storage: .*storageclass that provisions the pvc must support resize/),
			]);
			const alike = `ReplicatedMergeTree('/${space.namespace}/alike', '{replica}') ORDER BY n`;
			await space.queryPod("db-0-0", `CREATE TABLE alike (n UInt64) ENGINE = ${alike}`);
			expect((await db.preview(at(2))).refused).toEqual([
				expect.stringMatching(
					/^shards: no table has the macro \{shard\} in its replication path, .* Recreate default\.alike /,
				),
			]);
			await space.queryPod("db-0-0", "DROP TABLE alike");
			expect(await db.up(at(2))).toMatchObject({ state: "Started", replicaVersions: [{}, {}] });
			expect(await space.queryPod("db-1-0", "EXISTS TABLE rows")).toBe("1");
			expect((await db.preview(at(1))).refused).toEqual([
				expect.stringMatching(/^shards: 'db' has 2 shards, and the rows of removed shards would be lost\./),
			]);
			// The default StorageClass may be named, and left out again below: the volumes have it already.
			const uids = async () => (await space.api.list<Pod>("pods", {})).map(({ metadata }) => metadata.uid).sort();
			const before = await uids();
			const [volume] = await space.api.list<VolumeClaim>("persistentvolumeclaims", {});
			const { storageClassName: storageClass } = volume?.spec ?? {};
			const named = { versions, shards: 2, kubernetes: space.settings({ storageClass }) };
			await db.up(named);
			expect((await db.preview(named)).changes).toBe(false);
			expect(await uids()).toEqual(before);
			// Whoever may only read gets the same preview, and changes nothing.
			const kubeconfig = await space.reader();
			const other = { resources: { requests: { cpu: "11m", memory: "64Mi" } }, labels: { team: "a" } };
			const changed = (more: Properties = {}) => ({
				...named,
				kubernetes: space.settings({ storageClass, ...other, ...more }),
			});
			const full = await db.preview(changed());
			lines.mockClear();
			const read = await db.preview(changed({ kubeconfig }));
			expect(read.refused).toEqual([]);
			expect(read.inputs.caveats).toEqual(full.inputs.caveats);
			expect(lines).toHaveBeenCalledWith(
				expect.stringMatching(/^db: it was not tried .* cannot patch resource "configmaps"/),
			);
			const records = async () => (await space.api.get<Pod>("configmaps", "db-dbcluster"))?.metadata.resourceVersion;
			const record = await records();
			await expect(db.apply(read.inputs)).rejects.toThrow(/cannot patch resource "configmaps"/);
			expect(await records()).toBe(record);
			const fresh = { owner: "project/stack/new", name: "new", version: "1.7.1", versions };
			expect((await new Resource(fresh).preview({ kubernetes: space.settings({ kubeconfig }) })).refused).toEqual([]);
			// Half of the pods know one user and half the other meanwhile, and all can be asked.
			const kubernetes = space.settings({ storage: "1Gi", user: "clerk" });
			await db.up({ versions, shards: 2, kubernetes });
			const { replicas } = (await kubernetesControl("db", kubernetes).observe()) ?? {};
			expect(replicas?.map(({ caughtUp, outdated, trouble }) => ({ caughtUp, outdated, trouble }))).toEqual([
				{ caughtUp: true },
				{ caughtUp: true },
			]);
			await db.preview({ versions, shards: 2, kubernetes, desiredState: "Stopped" });
			await db.up({ versions, shards: 2, kubernetes, desiredState: "Stopped" });
			expect((await db.preview({ versions, shards: 2, replicas: 2, kubernetes })).refused).toEqual([
				expect.stringMatching(
					/^replicas: 'db' is stopped, and replicas can only be added or removed while it runs\. Set shards to 2 and replicas to 1, set desiredState /,
				),
			]);
		} finally {
			lines.mockRestore();
			await space.close();
		}
	},
);
