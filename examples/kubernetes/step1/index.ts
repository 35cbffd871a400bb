import * as pulumi from "@pulumi/pulumi";
import { DbCluster } from "pulumi-dbcluster";

// What differs from one Kubernetes to the next, such as `pulumi config set namespace staging`.
const config = new pulumi.Config();

// Two replicas of one shard. The namespace, the Keeper and the Secret with the password are there before it.
const db = new DbCluster("analytics", {
	version: "1.7.1",
	replicas: 2,
	kubernetes: {
		namespace: config.get("namespace") ?? "db",
		// Its tags are the versions that there are.
		image: config.get("image") ?? "myscale/myscaledb",
		keeper: config.getObject<string[]>("keeper") ?? ["keeper-0.keeper:2181"],
		storage: config.get("storage") ?? "100Gi",
		resources: { requests: { cpu: config.get("cpu") ?? "2", memory: config.get("memory") ?? "8Gi" } },
		// Named, not given: the password never passes through Pulumi.
		user: "app",
		passwordSecret: { name: "db-password" },
		service: { type: config.get("serviceType") ?? "ClusterIP" },
		// `yandex` for servers before ClickHouse 21.10.
		configRoot: config.get("configRoot") ?? "clickhouse",
		// The content of a kubeconfig. Left out, it is KUBECONFIG, ~/.kube/config or the ServiceAccount of the pod.
		kubeconfig: config.getSecret("kubeconfig"),
	},
	// Every update goes to the latest version, unless this is `any`.
	update: { policy: config.get("policy") ?? "latest" },
});

export const endpoint = db.endpoint;
export const version = db.version;
export const state = db.state;
export const updateAvailable = db.updateAvailable;
