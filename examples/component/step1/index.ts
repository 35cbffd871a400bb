import * as pulumi from "@pulumi/pulumi";
import { KubernetesDbCluster } from "pulumi-dbcluster/kubernetes";

const config = new pulumi.Config();

// Two replicas of one shard, three Keepers, a random password, NetworkPolicies; in a namespace of its own.
const db = new KubernetesDbCluster("warehouse", {
	version: "1.7.1",
	replicas: 2,
	storage: "100Gi",
	resources: { requests: { cpu: "2", memory: "8Gi" }, limits: { memory: "8Gi" } },
	networkPolicy: { clients: [{ namespaceLabels: { "kubernetes.io/metadata.name": "shop" } }] },
	// The content of a kubeconfig. Left out, it is KUBECONFIG, ~/.kube/config or the ServiceAccount of the pod.
	kubeconfig: config.getSecret("kubeconfig"),
	// Every update goes to the latest version, unless this is `any`.
	update: { policy: config.get("policy") ?? "latest" },
});

export const endpoint = db.endpoint;
export const secretName = db.secretName;
export const version = db.version;
export const updateAvailable = db.updateAvailable;
