import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import type { KubernetesDbClusterArgs } from "../../../src/kubernetes";
import { validate } from "../../../src/pulumi/component/validate";
import { cases } from "./cases";

/** What is said of arguments; without the first line, which names the component. */
function said(args: object, name = "analytics"): string[] {
	try {
		validate(name, args as KubernetesDbClusterArgs);
	} catch (error) {
		expect(error).toBeInstanceOf(pulumi.RunError);
		const [first, ...lines] = (error as Error).message.split("\n");
		expect(first).toBe(`KubernetesDbCluster '${name}' can't be declared:`);
		return lines.map((line) => line.trim());
	}
	return [];
}

test.each(Object.entries(cases))("a %s declaration is fine", (_, args) => {
	expect(said(args)).toEqual([]);
});

const version = "1.8.0";

test.each<[object, string]>([
	[{}, "version: it is missing: give a DB version, such as 1.8.0, or latest."],
	[{ version: "one" }, 'version: "one" is not a DB version'],
	[{ version, replica: 3 }, "replica: there is no property replica. Did you mean replicas?"],
	[{ version, storage: "big" }, 'storage: "big" is not the size of a volume. Write it as "100Gi".'],
	[{ version, replicas: 0 }, "replicas: 0 is not a whole number from 1 to 64. Leave it out for 2."],
	[{ version, update: { hold: {} } }, "update.hold.seconds: it is missing: give a whole number of seconds"],
	[{ version, namespace: "My_NS" }, 'namespace: "My_NS" is not the name of a namespace'],
	[{ version, createNamespace: "no" }, 'createNamespace: "no" is not true or false. Leave it out for true.'],
	[{ version, keeper: { replicas: 2 } }, "keeper.replicas: 2 is not 1 or 3. Leave it out for 3: with two,"],
	[
		{ version, keeper: { hosts: ["a b"] } },
		'keeper.hosts[0]: "a b" is not a host. Write it as "keeper-0.keeper:2181".',
	],
	[{ version, keeper: { hosts: [] } }, "keeper.hosts: the list is empty: name the hosts, or leave it out"],
	[
		{ version, keeper: { hosts: ["a"], storage: "1Gi" } },
		"keeper.hosts: no Keeper is created if hosts are given: leave out storage, or hosts.",
	],
	[
		{ version, keeper: { size: 3 } },
		"keeper.size: there is no such setting. There are hosts, image, replicas, resources, storage.",
	],
	[{ version, ingress: {} }, "ingress.host: it is missing: give a host name"],
	[
		{ version, networkPolicy: { clients: [{}] } },
		"networkPolicy.clients[0]: it is empty: name addresses by cidr, or pods by",
	],
	[
		{ version, networkPolicy: { clients: [{ cidr: "10.0.0.0" }] } },
		'networkPolicy.clients[0].cidr: "10.0.0.0" is not a range of addresses',
	],
	[
		{ version, networkPolicy: { metrics: [{ cidr: "10.0.0.0/8", podLabels: {} }] } },
		"networkPolicy.metrics[0]: it has cidr and labels",
	],
	[
		{ version, networkPolicy: { apiServer: [] } },
		"networkPolicy.apiServer: the list is empty, so the policy would block DbCluster, which queries the servers through the API server.",
	],
	[
		{ version, networkPolicy: { egress: [{ cidr: "0.0.0.0/0", ports: [0] }] } },
		"networkPolicy.egress[0].ports[0]: 0 is not a port, from 1 to 65,535.",
	],
	[{ version, password: "" }, "password: it is empty: give it from the stack's secrets"],
	[
		{ version, password: "x", passwordSecret: { name: "db" } },
		"passwordSecret: passwordSecret and password are both set: keep one.",
	],
	[{ version, passwordSecret: { name: "Db" } }, 'passwordSecret.name: "Db" is not the name of a Secret'],
	[
		{ version, passwordGeneration: 0 },
		"passwordGeneration: 0 is not a whole number from 1 to 1,000,000. Leave it out for 1.",
	],
	[{ version, image: "myscale/myscaledb:1.8.0" }, 'image: "myscale/myscaledb:1.8.0" has a tag or a digest'],
	[
		{ version, keeper: pulumi.output({}) },
		"keeper: it is not known yet, and decides which objects are created: give a plain value.",
	],
	[{ version, deletionPolicy: "Keep" }, 'deletionPolicy: "Keep" is not "Retain" or "Delete".'],
])("%o is refused, with the way out", (args, reason) => {
	const lines = said(args);
	expect(lines).toHaveLength(1);
	expect(lines[0]).toContain(reason);
});

test("everything that is wrong is said at once", () => {
	const lines = said({ version: "x", storage: "y", keeper: { replicas: 4 }, nonsense: 1, serviceMonitor: 1 });
	expect(lines.map((line) => line.split(":")[0]).sort()).toEqual([
		"keeper.replicas",
		"nonsense",
		"serviceMonitor",
		"storage",
		"version",
	]);
});

test("a name that is no name on Kubernetes is told with the way out", () => {
	expect(said({ version }, "My Cluster").join()).toContain(
		"Set name to such a name; it may differ from the resource's name.",
	);
	expect(said({ version, name: "my-cluster" }, "My Cluster")).toEqual([]);
});

test("what is known only later is left to be judged later", () => {
	const later = <T>(value: T) => pulumi.output(value);
	expect(
		said({
			version: later("1.8.0"),
			storage: Promise.resolve("1Gi"),
			namespace: later("db"),
			password: pulumi.secret("x"),
			keeper: { hosts: [later("zookeeper-0")] },
			ingress: { host: later("analytics.example.com") },
			networkPolicy: { clients: [{ cidr: later("10.0.0.0/8") }] },
			labels: later({ team: "data" }),
		}),
	).toEqual([]);
});

test("no secret is repeated", () => {
	const secret = "correct horse battery staple";
	const lines = said({ version, kubeconfig: 7, passwrd: secret, password: { secret }, storage: "?" }).join("\n");
	expect(lines).toContain("storage");
	expect(lines).toContain("password: it is not text");
	expect(lines).not.toContain("horse");
});
