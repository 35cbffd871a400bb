import { describe, expect, it } from "vitest";
import { Cluster } from "../../../src/platforms/kubernetes/cluster";
import { TimedOut } from "../../../src/platforms/kubernetes/errors";
import { look } from "../../../src/platforms/kubernetes/observe";
import { readSettings } from "../../../src/platforms/kubernetes/settings";
import type { Answer, Connection } from "../../../src/platforms/kubernetes/wire";

const objects: Record<string, object> = {
	"secrets/p": { data: { password: "cA==" } },
	"statefulsets/db-0": { metadata: { name: "db-0" }, spec: { replicas: 1, template: { spec: { containers: [] } } } },
	"pods/db-0-0": {
		metadata: { name: "db-0-0", uid: "1" },
		spec: { containers: [{ name: "server", image: "clickhouse/clickhouse-server:24.8.4.13" }] },
		status: {
			conditions: [{ type: "Ready", status: "True" }],
			containerStatuses: [{ name: "server", imageID: "sha256:1", started: true, ready: true, state: { running: {} } }],
		},
	},
	endpointslices: {
		items: [
			{
				metadata: { labels: { "kubernetes.io/service-name": "db" } },
				endpoints: [{ conditions: { ready: true }, targetRef: { uid: "1" } }],
			},
		],
	},
};

/** A cluster of one ready pod, whose server answers this. */
function clusterOf(answer: () => Answer): Cluster {
	const read = readSettings({ namespace: "ns", image: "clickhouse/clickhouse-server", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const connection: Connection = {
		server: "https://api",
		now: Date.now,
		awayAt: () => undefined,
		async send({ path }) {
			if (path.includes("/proxy/")) return answer();
			const object = objects[path.replace(/^.*\/namespaces\/ns\//, "").replace(/\?.*/, "")];
			return { status: object === undefined ? 404 : 200, text: JSON.stringify(object ?? { kind: "Status" }) };
		},
	};
	return new Cluster("db", read.settings, undefined, connection);
}

describe("a look at a replica that is ready", () => {
	it("does not hold against it what its server says that it can't tell", async () => {
		const forbidden = clusterOf(() => ({ status: 403, text: "Code: 497. DB::Exception: Not enough privileges" }));
		expect((await look(forbidden, "db-0-0")).replica).toMatchObject({ serving: true, caughtUp: undefined });
	});

	it("takes it for none that can stand in for another while its server gives no answer", async () => {
		const silent = clusterOf(() => {
			throw new TimedOut("no answer within 10 seconds");
		});
		expect((await look(silent, "db-0-0")).replica).toMatchObject({ serving: true, caughtUp: false });
		expect(
			(
				await look(
					clusterOf(() => ({ status: 200, text: "" })),
					"db-0-0",
				)
			).replica,
		).toMatchObject({
			caughtUp: true,
		});
	});
});
