import type { Input } from "@pulumi/pulumi";

/** How the servers of a cluster on Kubernetes are made, set up and reached. */
export interface ServerArgs {
	/**
	 * The context of the kubeconfig. Another one is no move if it leads to the same cluster.
	 *
	 * @default the current one
	 * @example "production"
	 */
	context?: Input<string>;

	/**
	 * The user of the clients, and of DbCluster's own queries.
	 *
	 * @default "default"
	 * @example "app"
	 */
	user?: Input<string>;

	/**
	 * The size of each replica's volume. It can grow where the StorageClass lets it, and never shrinks.
	 *
	 * @default "10Gi"
	 * @example "500Gi"
	 */
	storage?: Input<string>;

	/**
	 * What each replica requests and is limited to.
	 *
	 * @default { requests: { cpu: "500m", memory: "2Gi" } }
	 * @example { requests: { cpu: "4", memory: "16Gi" }, limits: { memory: "16Gi" } }
	 */
	resources?: Input<ResourcesArgs>;

	/**
	 * More files of `/etc/clickhouse-server/config.d`, by name. Those after `dbcluster.xml` in the alphabet win over it.
	 * They become a ConfigMap, which is no place for a password. A preview refuses a file that is broken, or that changes what
	 * the cluster is run by: what `dbcluster.xml` sets, ports, and folders of data off the volume.
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
	 * Secrets of the namespace with which the image is pulled, by name.
	 *
	 * @default none
	 * @example ["registry-login"]
	 */
	imagePullSecrets?: Input<Input<string>[]>;

	/**
	 * Labels that a node must have.
	 *
	 * @default none
	 * @example { disk: "ssd" }
	 */
	nodeSelector?: Input<{ [label: string]: Input<string> }>;

	/**
	 * As in a pod's spec. Replicas of a shard are spread over nodes and zones in any case.
	 *
	 * @default none
	 * @example { nodeAffinity: { ... } }
	 */
	// biome-ignore lint/suspicious/noExplicitAny: components in other languages have no word for `unknown`.
	affinity?: Input<{ [field: string]: any }>;

	/**
	 * Labels of every object.
	 *
	 * @default none
	 * @example { team: "data" }
	 */
	labels?: Input<{ [label: string]: Input<string> }>;

	/**
	 * Annotations of the servers' pods.
	 *
	 * @default none
	 * @example { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" }
	 */
	annotations?: Input<{ [annotation: string]: Input<string> }>;

	/**
	 * The Service for clients.
	 *
	 * @default { type: "ClusterIP" }
	 * @example { type: "LoadBalancer" }
	 */
	service?: Input<ServiceArgs>;

	/**
	 * The root element of the server's settings: `clickhouse`, or `yandex` for servers before 21.10.
	 *
	 * @default "clickhouse"
	 * @example "yandex"
	 */
	configRoot?: Input<string>;

	/**
	 * Makes the containers' root read-only. The image's own files in users.d are hidden then.
	 *
	 * @default false
	 * @example true
	 */
	readOnlyRootFilesystem?: Input<boolean>;

	/**
	 * How long a server may take to stop before it is killed, in seconds, from 1 to 86,400.
	 *
	 * @default 60
	 * @example 120
	 */
	gracePeriodSeconds?: Input<number>;
}

/** Where on Kubernetes a cluster lives, and what its pods look like. Each shard is one StatefulSet. */
export interface KubernetesArgs extends ServerArgs {
	/**
	 * The namespace; it must exist. Of one that the program creates pass the `id`: a preview knows its name already. It can't
	 * be changed later.
	 *
	 * @example "db"
	 */
	namespace: Input<string>;

	/**
	 * The image's repository. Its tag is the cluster's `version`; if your tags look different, `{version}` marks its
	 * position, and `*` a number that differs from version to version: the tag with the highest is the version's. The image
	 * is pinned to the digest in the registry, so that a fixed image under the same tag is noticed. See docs/versions.md.
	 *
	 * @example "myscale/myscaledb"
	 * @example "myscale/myscaledb:{version}-ubi"
	 * @example "registry.example.com/clickhouse:{version}-debian-12-r*"
	 */
	image: Input<string>;

	/**
	 * Existing StatefulSets, created by kubectl or Helm for example: adopted without a restart, together with `adopt: true`.
	 * Their pod template stays as it is; the version is updated as usual. Arguments that describe pods (`storage`,
	 * `resources`, `config` and the like) can't be set then. See docs/existing-clusters.md.
	 *
	 * @default none
	 * @example { statefulSets: ["clickhouse"], services: ["clickhouse"] }
	 */
	existing?: Input<ExistingArgs>;

	/**
	 * The path of a kubeconfig, or its content (give that as a secret). TLS is always verified.
	 *
	 * @default `KUBECONFIG` (several files are merged as kubectl does), else `~/.kube/config`, else the ServiceAccount of the pod that runs Pulumi
	 * @example config.requireSecret("kubeconfig")
	 */
	kubeconfig?: Input<string>;

	/**
	 * The password of `user`, by reference to a Secret of the namespace. Needed unless files of `users` open the user `default`
	 * without one, since the image's answers only inside its own pod, or unless `existing` servers answer without one. It must
	 * exist; of one that the program creates take the name from its `id`. See docs/pulumi.md.
	 *
	 * @default none
	 * @example { name: "db-password", key: "password" }
	 */
	passwordSecret?: Input<SecretKeyArgs>;

	/**
	 * The hosts of ClickHouse Keeper or ZooKeeper, port 2181 unless given. Replicas need one to hold the same rows.
	 *
	 * @default none
	 * @example ["keeper-0.keeper:2181", "keeper-1.keeper:2181", "keeper-2.keeper:2181"]
	 */
	keeper?: Input<Input<string>[]>;

	/**
	 * The StorageClass of each replica's volume. It can't be changed later, but the one that the volumes have already can be
	 * named. New replicas of a shard get the StorageClass that was set when the shard was created.
	 *
	 * @default the default one of the Kubernetes cluster
	 * @example "fast"
	 */
	storageClass?: Input<string>;

	/**
	 * Tolerations, as in a pod's spec.
	 *
	 * @default none
	 * @example [{ key: "dedicated", operator: "Equal", value: "db", effect: "NoSchedule" }]
	 */
	// biome-ignore lint/suspicious/noExplicitAny: other languages have no word for `unknown`.
	tolerations?: Input<Input<{ [field: string]: any }>[]>;

	/**
	 * The ServiceAccount of the pods. Its token is never mounted.
	 *
	 * @default the namespace's own
	 * @example "analytics"
	 */
	serviceAccountName?: Input<string>;
}

/** Existing StatefulSets. */
export interface ExistingArgs {
	/**
	 * The StatefulSet of each shard, in their order. It can't be changed later.
	 *
	 * @example ["clickhouse-shard0", "clickhouse-shard1"]
	 */
	statefulSets: Input<Input<string>[]>;

	/**
	 * Every Service through which clients reach the servers. A label is added to their selectors, by which a
	 * replica is removed from them before it restarts. The first gives `endpoint`.
	 *
	 * @example ["clickhouse"]
	 */
	services: Input<Input<string>[]>;

	/**
	 * The container that is the server. It can't be changed later.
	 *
	 * @default "clickhouse"
	 * @example "server"
	 */
	container?: Input<string>;

	/**
	 * The port of the server's HTTP interface, in its pods and in the first of `services`.
	 *
	 * @default 8123
	 * @example 8124
	 */
	httpPort?: Input<number>;
}

/** A key of a Secret. */
export interface SecretKeyArgs {
	/**
	 * The name of the Secret, in the cluster's namespace.
	 *
	 * @example "db-password"
	 */
	name: Input<string>;

	/**
	 * The key whose value is used.
	 *
	 * @default "password"
	 * @example "db"
	 */
	key?: Input<string>;
}

/** As in a container's spec. */
export interface ResourcesArgs {
	/**
	 * What a node must have free for it.
	 *
	 * @default none
	 * @example { cpu: "4", memory: "16Gi" }
	 */
	requests?: Input<{ [resource: string]: Input<string> }>;
	/**
	 * What it may use at most: beyond its memory it is killed.
	 *
	 * @default none
	 * @example { memory: "16Gi" }
	 */
	limits?: Input<{ [resource: string]: Input<string> }>;
}

/** The Service for clients. */
export interface ServiceArgs {
	/**
	 * `ClusterIP`, `NodePort` or `LoadBalancer`.
	 *
	 * @default "ClusterIP"
	 * @example "LoadBalancer"
	 */
	type?: Input<string>;
	/**
	 * Such as a cloud's load balancer wants them.
	 *
	 * @default none
	 * @example { "service.beta.kubernetes.io/aws-load-balancer-internal": "true" }
	 */
	annotations?: Input<{ [annotation: string]: Input<string> }>;
}
