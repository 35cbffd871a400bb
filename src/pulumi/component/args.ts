import type { Input } from "@pulumi/pulumi";
import type { ClusterArgs } from "../args/args";
import type { SecretKeyArgs, ServerArgs } from "../args/kubernetes-args";
import type { IngressArgs, NetworkPolicyArgs, ServiceMonitorArgs } from "./access-args";
import type { KeeperArgs, TolerationArgs } from "./pod-args";

/**
 * What a {@link KubernetesDbCluster} is to be. What decides which objects there are must be known when the program runs:
 * such arguments are no inputs.
 */
export interface KubernetesDbClusterArgs extends ClusterArgs, ServerArgs {
	/**
	 * The StorageClass of the volumes, those of Keeper too.
	 *
	 * @default the Kubernetes cluster's default one
	 * @example "premium-rwo"
	 */
	storageClass?: Input<string>;

	/**
	 * The image's repository. Its tag is `version`; where tags are spelt otherwise, `{version}` stands in its place, and `*`
	 * for a number that differs from version to version.
	 *
	 * @default "myscale/myscaledb"
	 * @example "myscale/myscaledb:{version}-ubi"
	 */
	image?: Input<string>;

	/**
	 * The absolute path of a kubeconfig, or its content. It is kept as a secret.
	 *
	 * @default `KUBECONFIG` (several files are merged as kubectl does), else `~/.kube/config`, else the ServiceAccount of the pod that runs Pulumi
	 * @example config.requireSecret("kubeconfig")
	 */
	kubeconfig?: Input<string>;

	/**
	 * The namespace. It can't be changed later.
	 *
	 * @default the cluster's name
	 * @example "db"
	 */
	namespace?: Input<string>;

	/**
	 * Makes the namespace, with the restricted Pod Security enforced in it. Unless `deletionPolicy` is `Delete` it outlives
	 * the component, since the volumes are in it: a component that takes it up again says `false`.
	 *
	 * @default true
	 * @example false
	 */
	createNamespace?: boolean;

	/**
	 * The user's password, at best from the stack's secrets. It becomes a Secret, and is kept as a secret in the state.
	 *
	 * @default 32 random letters and digits
	 * @example config.requireSecret("password")
	 */
	password?: Input<string>;

	/**
	 * A Secret of the namespace that holds the password, in place of one that is made here: then the password never passes
	 * through Pulumi.
	 *
	 * @default a Secret is made
	 * @example { name: "db-password", key: "password" }
	 */
	passwordSecret?: SecretKeyArgs;

	/**
	 * A new number sets a new password: a new random one, or the current value of `password`. Servers read the password at
	 * start, so replicas restart one by one. Until the last has restarted, replicas have different passwords, and
	 * Distributed tables can't query across them. A changed `password` alone has no effect.
	 *
	 * @default 1
	 * @example 2
	 */
	passwordGeneration?: number;

	/**
	 * ClickHouse Keeper, which replicas need to hold the same rows.
	 *
	 * @default three of the vendor's image, each with a volume of 10Gi
	 * @example { replicas: 1 }
	 * @example { hosts: ["zookeeper-0.zookeeper.infra.svc:2181"] }
	 */
	keeper?: KeeperArgs;

	/**
	 * An Ingress for ClickHouse's HTTP interface, with TLS.
	 *
	 * @default none
	 * @example { host: "analytics.example.com", className: "nginx" }
	 */
	ingress?: IngressArgs;

	/**
	 * Who reaches what.
	 *
	 * @default as {@link NetworkPolicyArgs} says
	 * @example { clients: [{ namespaceLabels: { team: "shop" } }], apiServer: [{ cidr: "10.0.0.0/28" }] }
	 */
	networkPolicy?: NetworkPolicyArgs;

	/**
	 * Publishes the servers' metrics to a Prometheus operator, whose CustomResourceDefinitions must be there.
	 *
	 * @default none
	 * @example { labels: { release: "prometheus" } }
	 */
	serviceMonitor?: ServiceMonitorArgs;

	/**
	 * Annotations of the ServiceAccount, such as bind a cloud's role to it. Its token is never mounted.
	 *
	 * @default none
	 * @example { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/backups" }
	 */
	serviceAccountAnnotations?: Input<{ [annotation: string]: Input<string> }>;

	/**
	 * Tolerations of the pods.
	 *
	 * @default none
	 * @example [{ key: "dedicated", operator: "Equal", value: "db", effect: "NoSchedule" }]
	 */
	tolerations?: Input<Input<TolerationArgs>[]>;

	/**
	 * What becomes of the data when the component is destroyed: `Retain` keeps the volumes and a namespace that was made
	 * here, `Delete` deletes them.
	 *
	 * @default "Retain"
	 * @example "Delete"
	 */
	deletionPolicy?: string;

	/**
	 * Takes over a cluster that exists already under this name and belongs to no resource or to another one. Without it
	 * such a cluster is refused. It is for the cluster alone: of the other objects, such as the ServiceAccount, those that
	 * exist have to be imported first. If the cluster has another Keeper than this component's, name it in `keeper.hosts`.
	 *
	 * @default false
	 * @example true
	 */
	adopt?: Input<boolean>;

	/**
	 * The cluster's name on Kubernetes, from which all objects have theirs. It can't be changed later.
	 *
	 * @default the name of the component
	 * @example "analytics"
	 */
	name?: string;
}
