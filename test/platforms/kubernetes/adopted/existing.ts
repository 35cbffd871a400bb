import { AdoptedCluster } from "../../../../src/platforms/kubernetes/adopted/cluster";
import { isAdopted, readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { answered, FakeApi, type Thing } from "../fake-api";

/** A container as the authors of clusters write it. */
export const server = (more: object = {}): Thing => ({
	name: "clickhouse",
	image: "clickhouse/server:1.7.1",
	volumeMounts: [{ name: "data", mountPath: "/var/lib/clickhouse" }],
	...more,
});

/** A StatefulSet of two replicas on volume claims, as others wrote it. */
export const setOf = (name = "chi", containers: readonly Thing[] = [server()], more: object = {}): Thing => ({
	metadata: { name, labels: { app: name } },
	spec: {
		replicas: 2,
		selector: { matchLabels: { app: name } },
		template: { metadata: { labels: { app: name, all: "yes" } }, spec: { containers } },
		updateStrategy: { type: "RollingUpdate" },
		volumeClaimTemplates: [{ metadata: { name: "data" } }],
		...more,
	},
});

export const serviceOf = (name: string, selector: object, more: object = {}): Thing => ({
	metadata: { name },
	spec: { clusterIP: "10.0.0.1", selector, ports: [{ port: 8123 }], ...more },
});

/** An API server with one such StatefulSet and its Service, whose servers say where their data is. */
export function withExisting(...sets: readonly Thing[]): FakeApi {
	const api = new FakeApi("db");
	api.answer = (sql) =>
		sql.includes("'data' AS kind")
			? answered({ kind: "data", a: "/var/lib/clickhouse/", b: "", c: "", d: "", n: 0 })
			: answered();
	for (const set of sets.length === 0 ? [setOf()] : sets) api.put("statefulsets", set);
	api.put("services", serviceOf("chi", { all: "yes" }));
	return api;
}

export function settingsOf(existing: object = {}) {
	const its = { statefulSets: ["chi"], services: ["chi"], ...existing };
	const read = readSettings({ namespace: "db", image: "clickhouse/server", existing: its });
	if ("problems" in read || !isAdopted(read.settings)) throw new Error(JSON.stringify(read));
	return read.settings;
}

export const adoptedOn = (api: FakeApi, existing: object = {}) =>
	new AdoptedCluster("db", settingsOf(existing), undefined, api);
