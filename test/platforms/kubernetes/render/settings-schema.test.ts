import { describe, expect, it } from "vitest";
import { kubernetesPlatform } from "../../../../src/platforms/kubernetes";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";

const good = { namespace: "db", image: "myscale/myscaledb", passwordSecret: { name: "db-password" } };

function problems(given: Record<string, unknown>): string[] {
	const read = readSettings(given);
	return "problems" in read ? read.problems.map(({ path, reason }) => `${path.join(".")}: ${reason}`) : [];
}

describe("the settings of a cluster on Kubernetes", () => {
	it("are few to begin with, and all defaults are filled in", () => {
		const read = readSettings(good);
		expect(read).toMatchObject({
			settings: {
				...good,
				passwordSecret: { name: "db-password", key: "password" },
				storage: "10Gi",
				user: "default",
				configRoot: "clickhouse",
				gracePeriodSeconds: 60,
				service: { type: "ClusterIP", annotations: {} },
			},
		});
	});

	it("name every problem at once, each on its property", () => {
		expect(
			problems({
				namespace: "My Space",
				storage: "10 GB",
				resources: { requests: { memory: "8Gi" }, limits: { memory: "4Gi" } },
				config: { "../x.xml": "", "dbcluster.xml": "" },
				keeper: ["zk:2181", "http://zk"],
				service: { type: "Ingress" },
				replicas: 3,
			}).map((line) => line.split(":", 1)[0]),
		).toEqual([
			"namespace",
			"image",
			"storage",
			"resources.requests.memory",
			"config.../x.xml",
			"config.dbcluster.xml",
			"keeper.1",
			"service.type",
			"replicas",
		]);
	});

	it.each([
		[{ image: "myscale/myscaledb:1.8.0" }, 'image: "myscale/myscaledb:1.8.0" has a tag'],
		[{ image: "myscale/myscaledb@sha256:0123" }, "has a tag or a digest"],
		[{ passwordSecret: undefined }, "passwordSecret: it is missing"],
		[
			{ resources: { requests: { memory: "8Gi" }, limits: { memory: "4000Mi" } } },
			'resources.requests.memory: "8Gi" is more than the limit, "4000Mi"',
		],
		[
			{ resources: { requests: { cpu: 2 }, limits: {} } },
			"resources.requests.cpu: 2 is not a quantity. Write it as text",
		],
		[{ imagePulSecrets: [] }, "imagePulSecrets: there is no such setting"],
		[{ namespace: undefined }, "namespace: it is missing"],
		[
			{ image: "acme/db:{version}*" },
			`image: "acme/db:{version}*" has a * that can't be read as a number. Use * only in a tag with {version}, and not directly next to {version} or another *, as in "myscale/myscaledb:{version}-r*".`,
		],
		[{ image: "acme/*" }, `image: "acme/*" has a * that can't be read as a number.`],
		[
			{ existing: { statefulSets: ["a"], services: ["a"] }, storage: "1Gi" },
			"storage: it can't be set together with existing",
		],
		[{ existing: { statefulSets: [], services: ["a"] } }, "existing.statefulSets: the list is empty"],
		[
			{ existing: { statefulSets: ["a", "a"], services: ["a"] } },
			"existing.statefulSets: it names a StatefulSet twice",
		],
		[{ existing: { statefulSets: ["a"] } }, "existing.services: it is missing"],
		[{ existing: { statefulSets: ["a"], services: ["a"], httpPort: 0 } }, "existing.httpPort: 0 is not a port"],
		[{ existing: { statefulSets: ["a"], services: ["A b"] } }, "existing.services.0:"],
	])("refuse %j", (more, message) => {
		expect(problems({ ...good, ...more }).join("\n")).toContain(message);
	});

	const problemsOf = (more: Record<string, unknown>, name = "db") => {
		const read = readSettings({ ...good, ...more }, name);
		return "problems" in read ? read.problems.map(({ path, reason }) => `${path.join(".")}: ${reason}`) : [];
	};

	it.each<[string, Record<string, unknown>, string[]]>([
		[
			"each broken file at once, in either language",
			{
				config: { "a.xml": "<clickhouse>\n<a></b>\n</clickhouse>", "b.yaml": "a: [", "c.xml": "<clickhouse/>" },
				users: { "u.xml": "<clickhouse><users>" },
			},
			[
				"config.a.xml: a.xml is not valid XML: line 2: a closing tag does not match the open element. Fix it there.",
				"config.b.yaml: b.yaml is not valid YAML: line 2: unexpected end of the stream within a flow collection. Fix it there.",
				"users.u.xml: u.xml is not valid XML: line 1: this element is never closed, or an & in it is not written as &amp;. Fix it there.",
			],
		],
		[
			"a root with which servers do not start",
			{ config: { "a.xml": "<config/>", "b.yml": "clickhouse: { a: 1 }" }, users: { "u.xml": "<users/>" } },
			[
				"config.a.xml: a.xml has the root element <config>, and servers may fail to start with it. Write <clickhouse> instead.",
				"config.b.yml: b.yml begins with clickhouse, which servers don't read in YAML. Remove it, and move what is below it to the top level.",
				"users.u.xml: u.xml has the root element <users>, and servers may fail to start with it. Write <clickhouse> instead.",
			],
		],
		[
			"a root that old servers don't know",
			{ configRoot: "yandex", config: { "a.xml": "<clickhouse/>", "b.xml": "<yandex/>" } },
			[
				"config.a.xml: a.xml has the root element <clickhouse>, and servers may fail to start with it. Write <yandex> instead.",
			],
		],
		[
			"what leads away from the cluster, all of a file in one",
			{
				config: {
					"a.xml": "<yandex>\n<tcp_port>1</tcp_port>\n<remote_servers><db/><other/></remote_servers></yandex>",
				},
			},
			[
				"config.a.xml: a.xml changes settings that DbCluster depends on. tcp_port (line 2): leave it out, because the cluster depends on port 9000; remote_servers/db (line 3): leave it out, because DbCluster writes it from shards and replicas, or rename it if it is another cluster.",
			],
		],
		[
			"Keeper in a file only where the arguments name one, too",
			{ keeper: ["zk:2181"], config: { "a.xml": "<yandex><zookeeper><node/></zookeeper></yandex>" } },
			[
				"config.a.xml: a.xml changes settings that DbCluster depends on. zookeeper/node (line 1): set the hosts in kubernetes.keeper.",
			],
		],
		["nothing of the elements of users", { users: { "u.xml": "<clickhouse><path>/x</path></clickhouse>" } }, []],
	])("refuse %s", (_, more, expected) => {
		expect(problemsOf(more)).toEqual(expected);
	});

	it.each([
		[{ image: "127.0.0.1:5000/myscaledb" }],
		[{ namespace: "2024-analytics" }],
		[{ existing: { statefulSets: ["a"], services: ["a"], container: "1st" } }],
		[{ image: "myscale/myscaledb:{version}-ubi" }],
		[{ image: "localhost:5000/acme/db:b*-{version}-debian-12-r*" }],
		[{ passwordSecret: undefined, users: { "app.xml": "<clickhouse/>" } }],
		[{ resources: { requests: { memory: "4000Mi" }, limits: { memory: "4Gi" } } }],
		[{ keeper: ["keeper-0.keeper", "[fd00::1]:2181"] }],
		[{ existing: { statefulSets: ["a"], services: ["a"] }, passwordSecret: undefined }],
	])("accept %j", (more) => {
		expect(problems({ ...good, ...more })).toEqual([]);
	});

	it("are never repeated where they hold a secret", () => {
		expect(problems({ ...good, kubeconfig: 7, context: "" }).join()).not.toContain("7");
		expect(problems({ ...good, kubeconfig: "" })).toEqual([
			"kubeconfig: it is empty: leave it out for the default kubeconfig.",
		]);
	});

	it("say where the cluster is, and where it answers", () => {
		const read = kubernetesPlatform.read({ ...good, context: "prod" });
		if ("problems" in read) throw new Error("these are good");
		expect(kubernetesPlatform.place(read.settings)).toBe("prod/db");
		expect(kubernetesPlatform.endpoint("analytics", read.settings)).toBe("http://analytics.db.svc:8123");
		const existing = { statefulSets: ["clickhouse"], services: ["shop", "other"], httpPort: 8443 };
		const others = kubernetesPlatform.read({ ...good, existing });
		if ("problems" in others) throw new Error("these are good");
		expect(kubernetesPlatform.endpoint("analytics", others.settings)).toBe("http://shop.db.svc:8443");
	});
});
