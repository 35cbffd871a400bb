import { describe, expect, it } from "vitest";
import { AdoptedCluster } from "../../../../src/platforms/kubernetes/adopted/cluster";
import { volatileNext } from "../../../../src/platforms/kubernetes/adopted/data";
import type { Pod, PodTemplate, StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { holds } from "../../../../src/platforms/kubernetes/ask/holds";
import { isAdopted, readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";

const claim = { name: "data", persistentVolumeClaim: { claimName: "data-clickhouse-0" } };
const scratch = { name: "data", emptyDir: {} };
const metadata = { name: "clickhouse-0", annotations: { "pulumi-dbcluster/container": "clickhouse" } };
const spec = (volume?: object): PodTemplate["spec"] => ({
	containers: [{ name: "clickhouse", volumeMounts: [{ name: "data", mountPath: "/var/lib/clickhouse" }] }],
	volumes: volume === undefined ? [] : [{ name: "data", ...volume }],
});

const row = (kind: string, a: string, more: object = {}) => ({ kind, a, b: "", c: "", d: "", n: 0, ...more });
const answer = [
	row("table", "default", { b: "rows", c: "MergeTree" }),
	row("rows", "default", { b: "rows", n: "7" }),
	row("data", "/var/lib/clickhouse/data/system/"),
];

/** A StatefulSet of others with one pod, whose server answers with its inventory. */
async function held(volume: object, template: Omit<StatefulSet["spec"], "template"> & { volume?: object } = {}) {
	const { volume: next, ...rest } = template;
	const pod: Pod = {
		metadata,
		spec: spec(volume),
		status: { containerStatuses: [{ name: "clickhouse", state: { running: {} } }] },
	};
	const set = { metadata: { name: "clickhouse" }, spec: { ...rest, template: { metadata, spec: spec(next) } } };
	const connection: Connection = {
		server: "https://test",
		now: () => 0,
		awayAt: () => undefined,
		async send({ path }) {
			if (path.includes("/proxy/")) return { status: 200, text: answer.map((each) => JSON.stringify(each)).join("\n") };
			const found = path.includes("/pods?") ? { items: [pod] } : path.includes("/statefulsets/") ? set : undefined;
			return found === undefined ? { status: 404, text: "{}" } : { status: 200, text: JSON.stringify(found) };
		},
	};
	const existing = { statefulSets: ["clickhouse"], services: ["clickhouse"] };
	const read = readSettings({ namespace: "db", image: "a/b", existing });
	if ("problems" in read || !isAdopted(read.settings)) throw new Error(JSON.stringify(read));
	const cluster = new AdoptedCluster("db", read.settings, undefined, connection);
	return holds(cluster, "clickhouse-0", (paths) => volatileNext(cluster, "clickhouse-0", paths));
}

describe("what a replica holds", () => {
	const tables = [{ database: "default", name: "rows", engine: "MergeTree", rows: 7 }];

	it("is told with where it is", async () => {
		expect(await held(claim, { volumeClaimTemplates: [{ metadata: { name: "data" } }] })).toEqual({
			tables,
			layout: { clusters: {} },
			at: "/var/lib/clickhouse/ on the volume claim data-clickhouse-0",
		});
	});

	it("ends with the pod where its volume does", async () => {
		expect(await held(scratch, { volume: scratch })).toEqual({
			tables,
			layout: { clusters: {} },
			at: "/var/lib/clickhouse/ on the emptyDir volume data",
			volatile: "/var/lib/clickhouse/ is on the emptyDir volume data",
		});
	});

	it("ends with the pod, too, where its author has given the next one another volume", async () => {
		expect(await held(claim, { volume: scratch })).toEqual({
			tables,
			layout: { clusters: {} },
			at: "/var/lib/clickhouse/ on the volume claim data-clickhouse-0",
			volatile: "/var/lib/clickhouse/ is on the emptyDir volume data",
		});
	});
});
