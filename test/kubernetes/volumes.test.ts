import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { create } from "../../src/pulumi/apply/create";
import { check } from "../../src/pulumi/judge/check";
import { reasonsIn } from "../reasons";
import { environment, Space, startCluster, unavailable, versions } from "./harness";
import { deploy, existing, kubectl, running, untilServing } from "./made-by-others";
import { credentials } from "./query";
import { Resource } from "./resource";
import { makeRows } from "./tables";

const minute = 60_000;
const replicas = ["clickhouse-0", "clickhouse-1"];
const rows = 100_000;

/** The plain manifest, with its data where it ends with the pod. */
function onScratch(text: string): string {
	const edited = text
		.replace(/ {2}volumeClaimTemplates:[\s\S]*$/, "")
		.replace(/( +)volumes:\n/, "$&$1  - name: clickhouse-data\n$1    emptyDir: {}\n");
	expect(edited).not.toBe(text);
	return edited;
}

const resource = (more: object) => ({
	owner: "project/stack/db",
	name: "db",
	version: "1.7.1",
	versions: { list: [{ version: "1.7.1" }, { version: "1.8.0" }] },
	replicas: 2,
	...more,
});
const refused = async (news: object) => reasonsIn((await check({}, { ...news })).failures);

describe.skipIf(unavailable !== undefined)("StatefulSets of others whose data ends with their pods", () => {
	let space: Space;

	const args = () =>
		resource({
			adopt: true,
			kubernetes: existing(space, { statefulSets: ["clickhouse"], services: ["clickhouse"] }),
		});
	const counts = () => Promise.all(replicas.map((pod) => space.queryPod(pod, "SELECT count() FROM rows")));
	const everything = async () => ({
		pods: await running(space, replicas, "clickhouse-data"),
		set: await kubectl(space, [
			"get",
			"statefulset",
			"clickhouse",
			"--output",
			"jsonpath={.metadata.generation} {.spec}",
		]),
		rows: await counts(),
	});

	beforeAll(async () => {
		space = await Space.open();
		await deploy(space, replicas, onScratch);
		await makeRows(space, replicas);
		await space.queryPod("clickhouse-0", `INSERT INTO rows SELECT number FROM system.numbers LIMIT ${rows}`);
		await vi.waitFor(async () => expect(await counts()).toEqual(Array(2).fill(String(rows))), {
			timeout: minute,
			interval: 200,
		});
	}, 4 * minute);
	afterAll(() => space?.close());

	test("are not taken over: preview and up name the volume, and every row stays", async () => {
		const before = await everything();
		const lost =
			"clickhouse-0, clickhouse-1 would lose data: /var/lib/clickhouse/ is on the emptyDir volume clickhouse-data, and an update replaces every pod.";
		// On a busy machine a server may not answer within the time that a request has: that is said instead.
		await expect
			.poll(() => refused(args()), { timeout: 60_000 })
			.toEqual([expect.stringContaining(`kubernetes.existing.statefulSets: ${lost}`)]);
		// Also where the preview was made before: by a saved plan, say.
		await expect(create(args())).rejects.toThrow(lost);
		expect(await everything()).toEqual(before);
		expect(before.rows).toEqual(Array(2).fill(String(rows)));
	});

	test("have a way out: their rows go to a cluster of ours", async () => {
		await startCluster(space, { name: "new", version: versions.v1, replicas: 1 });
		await makeRows(space, ["new-0-0"]);
		const { user, password } = credentials;
		const from = `remote('clickhouse-0.clickhouse-nodes.${space.namespace}.svc', default, rows, '${user}', '${password.replaceAll("'", "\\'")}')`;
		await space.queryPeers("new-0-0", `INSERT INTO rows SELECT * FROM ${from}`);
		const sums = "SELECT count(), uniqExact(n), sum(n) FROM rows";
		expect(await space.queryPod("new-0-0", sums)).toBe(await space.queryPod("clickhouse-1", sums));
	});
});

test.skipIf(unavailable !== undefined)(
	"a cluster whose author has given its next pods other volumes is updated no more, and its rows stay",
	async () => {
		const space = await Space.open();
		try {
			await deploy(space, replicas);
			await makeRows(space, replicas);
			const adopted = (version: string) =>
				resource({
					version,
					adopt: true,
					kubernetes: existing(space, { statefulSets: ["clickhouse"], services: ["clickhouse"] }),
				});
			const { inputs = {}, failures = [] } = await check({}, adopted("1.7.1"));
			expect(failures).toEqual([]);
			await create(inputs);
			await space.queryPod("clickhouse-0", `INSERT INTO rows SELECT number FROM system.numbers LIMIT ${rows}`);
			const reasons = async () => reasonsIn((await check(inputs, adopted("1.8.0"))).failures);
			await vi.waitFor(async () => expect(await reasons()).toEqual([]), { timeout: minute, interval: 200 });

			// A field that can't be changed: the author makes the StatefulSet anew around its pods, which go on.
			const set = JSON.parse(await kubectl(space, ["get", "statefulset", "clickhouse", "--output", "json"]));
			const { resourceVersion: _, uid: __, ...metadata } = set.metadata;
			const { volumeClaimTemplates: ___, ...spec } = set.spec;
			spec.template.spec.volumes.push({ name: "clickhouse-data", emptyDir: {} });
			await kubectl(space, ["delete", "statefulset", "clickhouse", "--cascade=orphan", "--wait"]);
			await kubectl(
				space,
				["create", "--filename", "-"],
				JSON.stringify({ ...set, metadata, spec, status: undefined }),
			);
			expect(await reasons()).toEqual([
				"version: clickhouse-0 and clickhouse-1 would lose data when their pods are replaced: /var/lib/clickhouse/ is on the emptyDir volume clickhouse-data. Copy the tables to a cluster whose data is on volume claims, such as a new DbCluster with version 1.8.0, and use the new cluster instead.",
			]);
			for (const pod of replicas) expect(await space.queryPod(pod, "SELECT count() FROM rows")).toBe(String(rows));
		} finally {
			await space.close();
		}
	},
);

test.skipIf(unavailable !== undefined)(
	"pods whose images were redirected to another name of the registry are taken over, and updated",
	async () => {
		const space = await Space.open();
		try {
			await deploy(space, replicas);
			await makeRows(space, replicas);
			const image = `${environment.image.replace("127.0.0.1", "localhost")}:1.7.1`;
			for (const pod of replicas) await kubectl(space, ["set", "image", `pod/${pod}`, `clickhouse=${image}`]);
			await vi.waitFor(
				async () =>
					expect((await running(space, replicas, "data")).map(({ restarts }) => restarts)).toEqual([[1], [1]]),
				{ timeout: 2 * minute, interval: 500 },
			);
			await untilServing(space, replicas);
			const db = new Resource(
				resource({
					adopt: true,
					kubernetes: existing(space, { statefulSets: ["clickhouse"], services: ["clickhouse"] }),
				}),
			);
			const version = (text: string) => expect.objectContaining({ version: text });
			await vi.waitFor(async () => expect((await db.preview({})).refused).toEqual([]), {
				timeout: minute,
				interval: 500,
			});
			const { replicaVersions } = await db.up({});
			expect(replicaVersions).toEqual([version("1.7.1"), version("1.7.1")]);
			await vi.waitFor(async () => expect((await db.preview({ version: "1.8.0" })).refused).toEqual([]), {
				timeout: minute,
				interval: 500,
			});
			expect((await db.up({ version: "1.8.0" })).replicaVersions).toEqual([version("1.8.0"), version("1.8.0")]);
		} finally {
			await space.close();
		}
	},
);

test.skipIf(unavailable !== undefined)(
	"a file of config that is broken, or moves what the cluster is run by, is refused before anything is written",
	async () => {
		const space = await Space.open();
		try {
			const root = environment.configRoot;
			const args = (text: string) => resource({ replicas: 1, kubernetes: space.given({ config: { "zz.xml": text } }) });
			const objects = async () =>
				(
					await kubectl(space, [
						"get",
						"statefulset,configmap,service,pvc,poddisruptionbudget",
						"--output",
						"jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}",
					])
				).split("\n");
			const broken = `<${root}>\n\t<macros><layer>7</macros>\n</${root}>`;
			const why = `kubernetes.config["zz.xml"]: zz.xml is not valid XML: line 2: a closing tag does not match the open element. Fix it there.`;
			const none = await objects();
			expect(await refused(args(broken))).toEqual([why]);
			await expect(create(args(broken))).rejects.toThrow(/is not valid XML/);
			expect(await objects()).toEqual(none);

			// The same, mended: the server reads it, and its own place among the others stays.
			const good = args(`<${root}>\n\t<macros><layer>7</layer></macros>\n</${root}>`);
			const { inputs = {}, failures = [] } = await check({}, good);
			expect(failures).toEqual([]);
			await create(inputs);
			expect(await space.queryPod("db-0-0", "SELECT substitution FROM system.macros ORDER BY macro")).toBe(
				"db\n7\ndb-0-0\n0",
			);
			const made = await objects();
			const refusals = async (text: string) =>
				((await check(inputs, args(text))).failures ?? []).map((it) => it.reason);
			expect(await refusals(broken)).toEqual([expect.stringContaining("zz.xml is not valid XML")]);
			expect(await refusals(`<${root}>\n<path>/tmp/</path>\n<remote_servers replace="1"/>\n</${root}>`)).toEqual([
				`kubernetes.config["zz.xml"]: zz.xml changes settings that DbCluster depends on. path (line 2): leave it out, because the volume is mounted at /var/lib/clickhouse; remote_servers (line 3): leave the attribute replace out, because it removes what dbcluster.xml, the cluster's own file, sets there.`,
			]);
			expect(await refusals(`<${root}><remote_servers><db/><other/></remote_servers></${root}>`)).toEqual([
				`kubernetes.config["zz.xml"]: zz.xml changes settings that DbCluster depends on. remote_servers/db (line 1): leave it out, because DbCluster writes it from shards and replicas, or rename it if it is another cluster.`,
			]);
			expect(await objects()).toEqual(made);
		} finally {
			await space.close();
		}
	},
);
