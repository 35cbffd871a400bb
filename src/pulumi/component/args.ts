import type { Input } from "@pulumi/pulumi";
import type { UpdateArgs } from "../args/args";
import type { ResourcesArgs, SecretKeyArgs, ServiceArgs } from "../args/kubernetes-args";
import type { VersionsArgs } from "../args/versions-args";
import type { IngressArgs, NetworkPolicyArgs, ServiceMonitorArgs } from "./access-args";
import type { KeeperArgs, TolerationArgs } from "./pod-args";

/**
 * What a {@link KubernetesDbCluster} is to be. What decides which objects there are must be known when the program runs:
 * such arguments are no inputs.
 */
export interface KubernetesDbClusterArgs {
	/**
	 * The DB version that every replica is to run: three or four numeric parts, or `latest` for the newest tag of the
	 * image. It never goes back.
	 *
	 * @example "1.8.0"
	 * @example "latest"
	 */
	version: Input<string>;

	/**
	 * How many shards the data is spread over.
	 *
	 * @default 1
	 * @example 4
	 */
	shards?: Input<number>;

	/**
	 * How many replicas each shard has. With two or more, SELECT keeps working during an update.
	 *
	 * @default 2
	 * @example 3
	 */
	replicas?: Input<number>;

	/**
	 * The size of each replica's volume. It can grow where the StorageClass lets it, and never shrinks.
	 *
	 * @default "10Gi"
	 * @example "500Gi"
	 */
	storage?: Input<string>;

	/**
	 * The StorageClass of the volumes, those of Keeper too.
	 *
	 * @default the Kubernetes cluster's default one
	 * @example "premium-rwo"
	 */
	storageClass?: Input<string>;

	/**
	 * What each replica requests and is limited to.
	 *
	 * @default { requests: { cpu: "500m", memory: "2Gi" } }
	 * @example { requests: { cpu: "4", memory: "16Gi" }, limits: { memory: "16Gi" } }
	 */
	resources?: Input<ResourcesArgs>;

	/**
	 * The image's repository. Its tag is `version`; where tags are spelt otherwise, `{version}` stands in its place.
	 *
	 * @default "myscale/myscaledb"
	 * @example "myscale/myscaledb:{version}-ubi"
	 */
	image?: Input<string>;

	/**
	 * Secrets of the namespace with which images are pulled.
	 *
	 * @default none
	 * @example ["registry"]
	 */
	imagePullSecrets?: Input<Input<string>[]>;

	/**
	 * The absolute path of a kubeconfig, or its content. It is kept as a secret.
	 *
	 * @default `KUBECONFIG`, else `~/.kube/config`, else the ServiceAccount of the pod that runs Pulumi
	 * @example config.requireSecret("kubeconfig")
	 */
	kubeconfig?: Input<string>;

	/**
	 * The context of the kubeconfig.
	 *
	 * @default the current one
	 * @example "production"
	 */
	context?: Input<string>;

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
	 * The user that clients and the roll's own questions use.
	 *
	 * @default "default"
	 * @example "app"
	 */
	user?: Input<string>;

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
	 * Another number is another password: a random one anew, or what `password` says now. Servers read theirs when they
	 * start, so that replicas then restart one by one; until it is done each has its own, and Distributed tables can't
	 * reach across. A changed `password` alone is not looked at.
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
	 * More files of `/etc/clickhouse-server/config.d`, by name. They become a ConfigMap, which is no place for a password.
	 *
	 * @default none
	 * @example { "limits.xml": readFileSync("limits.xml", "utf8") }
	 */
	config?: Input<{ [file: string]: Input<string> }>;

	/**
	 * Files of `/etc/clickhouse-server/users.d`, by name. They become a ConfigMap, so write hashes and no passwords.
	 *
	 * @default none
	 * @example { "readers.xml": readFileSync("readers.xml", "utf8") }
	 */
	users?: Input<{ [file: string]: Input<string> }>;

	/**
	 * The Service for clients: `ClusterIP`, `NodePort` or `LoadBalancer`.
	 *
	 * @default { type: "ClusterIP" }
	 * @example { type: "LoadBalancer" }
	 */
	service?: Input<ServiceArgs>;

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
	 * Labels of every object.
	 *
	 * @default none
	 * @example { team: "data" }
	 */
	labels?: Input<{ [label: string]: Input<string> }>;

	/**
	 * Annotations of every server's pod.
	 *
	 * @default none
	 * @example { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" }
	 */
	annotations?: Input<{ [annotation: string]: Input<string> }>;

	/**
	 * Labels that a node must have.
	 *
	 * @default none
	 * @example { disk: "ssd" }
	 */
	nodeSelector?: Input<{ [label: string]: Input<string> }>;

	/**
	 * Taints of nodes that pods stand.
	 *
	 * @default none
	 * @example [{ key: "dedicated", operator: "Equal", value: "db", effect: "NoSchedule" }]
	 */
	tolerations?: Input<Input<TolerationArgs>[]>;

	/**
	 * As in a pod's spec; for the servers. Replicas of a shard are spread over nodes and zones in any case.
	 *
	 * @default none
	 * @example { nodeAffinity: { ... } }
	 */
	// biome-ignore lint/suspicious/noExplicitAny: components in other languages have no word for `unknown`.
	affinity?: Input<{ [field: string]: any }>;

	/**
	 * The root element of the server's settings: `clickhouse`, or `yandex` for servers before 21.10.
	 *
	 * @default "clickhouse"
	 * @example "yandex"
	 */
	configRoot?: Input<string>;

	/**
	 * Makes the root of the servers' containers read-only. The image's own files in users.d are hidden then.
	 *
	 * @default false
	 * @example true
	 */
	readOnlyRootFilesystem?: Input<boolean>;

	/**
	 * How long a server may take to stop, in seconds, before it is killed.
	 *
	 * @default 60
	 * @example 120
	 */
	gracePeriodSeconds?: Input<number>;

	/**
	 * The catalogue: which versions exist.
	 *
	 * @default the tags of the image
	 * @example { list: [{ version: "1.7.1" }, { version: "1.8.0" }] }
	 * @example { url: "https://example.com/versions.json" }
	 */
	versions?: Input<VersionsArgs>;

	/**
	 * How updates go.
	 *
	 * @default every update goes to the latest version, judged on the live cluster
	 * @example { policy: "any", drainSeconds: 60 }
	 * @example { window: { schedule: "0 2 * * 6", minutes: 240, timeZone: "Europe/Berlin" } }
	 */
	update?: Input<UpdateArgs>;

	/**
	 * `Started` or `Stopped`: what the cluster is to be in once `pulumi up` is done.
	 *
	 * @default left alone
	 * @example "Stopped"
	 */
	desiredState?: Input<string>;

	/**
	 * What becomes of the data when the component is destroyed: `Retain` keeps the volumes and a namespace that was made
	 * here, `Delete` deletes them.
	 *
	 * @default "Retain"
	 * @example "Delete"
	 */
	deletionPolicy?: string;

	/**
	 * The cluster's name on Kubernetes, from which all objects have theirs. It can't be changed later.
	 *
	 * @default the name of the component
	 * @example "analytics"
	 */
	name?: string;
}
