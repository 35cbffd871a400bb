import type { Input } from "@pulumi/pulumi";

/** Where on Kubernetes a cluster lives, and how its pods are made. One StatefulSet is made for each shard. */
export interface KubernetesArgs {
	/** The namespace; it must exist. It can't be changed later. */
	namespace: Input<string>;

	/**
	 * The image's repository. Its tag is the cluster's `version`; where tags are spelt otherwise, `{version}` stands in its
	 * place. It is pinned to the digest that the registry tells, so that a mended image under the same tag is seen.
	 *
	 * @example "myscale/myscaledb"
	 * @example "myscale/myscaledb:{version}-ubi"
	 */
	image: Input<string>;

	/**
	 * StatefulSets that others made, such as kubectl or Helm: taken over, together with `adopt: true`, without a restart.
	 * Their template stays theirs; versions are updated as ever. What describes pods (`storage`, `resources`, `config` and
	 * the like) can't be given then. See docs/existing-clusters.md.
	 *
	 * @example { statefulSets: ["clickhouse"], services: ["clickhouse"] }
	 */
	existing?: Input<ExistingArgs>;

	/**
	 * The path of a kubeconfig, or its content (give that as a secret). TLS is always verified.
	 *
	 * @default `KUBECONFIG`, else `~/.kube/config`, else the ServiceAccount of the pod that runs Pulumi
	 */
	kubeconfig?: Input<string>;

	/**
	 * The context of the kubeconfig.
	 *
	 * @default the current one
	 */
	context?: Input<string>;

	/**
	 * The password of `user`, by reference to a Secret of the namespace. Needed unless `users` brings users of your own, since
	 * the image's default user answers only inside its own pod, or unless `existing` servers answer without one.
	 *
	 * @example { name: "db-password", key: "password" }
	 */
	passwordSecret?: Input<SecretKeyArgs>;

	/**
	 * The user that clients and the roll's own questions use.
	 *
	 * @default "default"
	 */
	user?: Input<string>;

	/**
	 * The hosts of ClickHouse Keeper or ZooKeeper, port 2181 unless given. Replicas need one to hold the same rows.
	 *
	 * @example ["keeper-0.keeper:2181", "keeper-1.keeper:2181", "keeper-2.keeper:2181"]
	 */
	keeper?: Input<Input<string>[]>;

	/**
	 * The size of each replica's volume. It can grow where the StorageClass lets it, and never shrinks.
	 *
	 * @default "10Gi"
	 */
	storage?: Input<string>;

	/** @default the cluster's default StorageClass */
	storageClass?: Input<string>;

	/**
	 * What each replica requests and is limited to.
	 *
	 * @default { requests: { cpu: "500m", memory: "2Gi" } }
	 */
	resources?: Input<ResourcesArgs>;

	/**
	 * More files of `/etc/clickhouse-server/config.d`, by name. Those after `dbcluster.xml` in the alphabet win over it.
	 * They become a ConfigMap, which is no place for a password.
	 */
	config?: Input<{ [file: string]: Input<string> }>;

	/** Files of `/etc/clickhouse-server/users.d`, by name. They become a ConfigMap, so write hashes and no passwords. */
	users?: Input<{ [file: string]: Input<string> }>;

	/** Secrets of the namespace with which the image is pulled. */
	imagePullSecrets?: Input<Input<string>[]>;

	/** Labels that a node must have. */
	nodeSelector?: Input<{ [label: string]: Input<string> }>;

	/** As in a pod's spec. */
	tolerations?: Input<Input<{ [field: string]: unknown }>[]>;

	/** As in a pod's spec. Replicas of a shard are spread over nodes and zones in any case. */
	affinity?: Input<{ [field: string]: unknown }>;

	/** @default the namespace's default ServiceAccount; its token is never mounted */
	serviceAccountName?: Input<string>;

	/** Labels of every object. */
	labels?: Input<{ [label: string]: Input<string> }>;

	/** Annotations of every pod. */
	annotations?: Input<{ [annotation: string]: Input<string> }>;

	/** The Service for clients. */
	service?: Input<ServiceArgs>;

	/**
	 * The root element of the server's settings: `clickhouse`, or `yandex` for servers before 21.10.
	 *
	 * @default "clickhouse"
	 */
	configRoot?: Input<string>;

	/**
	 * Makes the containers' root read-only. The image's own files in users.d are hidden then.
	 *
	 * @default false
	 */
	readOnlyRootFilesystem?: Input<boolean>;

	/**
	 * How long a server may take to stop, in seconds, before it is killed.
	 *
	 * @default 60
	 */
	gracePeriodSeconds?: Input<number>;
}

/** StatefulSets that others made. */
export interface ExistingArgs {
	/**
	 * The StatefulSet of each shard, in their order. It can't be changed later.
	 *
	 * @example ["clickhouse-shard0", "clickhouse-shard1"]
	 */
	statefulSets: Input<Input<string>[]>;

	/**
	 * Every Service through which clients reach the servers. A label of ours is added to their selectors, which takes a
	 * replica out of them before it restarts. The first gives `endpoint`.
	 */
	services: Input<Input<string>[]>;

	/**
	 * The container that is the server. It can't be changed later.
	 *
	 * @default "clickhouse"
	 */
	container?: Input<string>;

	/**
	 * The port of the server's HTTP interface, in its pods and in the first of `services`.
	 *
	 * @default 8123
	 */
	httpPort?: Input<number>;
}

/** A key of a Secret. */
export interface SecretKeyArgs {
	name: Input<string>;
	/** @default "password" */
	key?: Input<string>;
}

/** As in a container's spec. */
export interface ResourcesArgs {
	/** @example { cpu: "4", memory: "16Gi" } */
	requests?: Input<{ [resource: string]: Input<string> }>;
	/** @example { memory: "16Gi" } */
	limits?: Input<{ [resource: string]: Input<string> }>;
}

/** The Service for clients. */
export interface ServiceArgs {
	/**
	 * `ClusterIP`, `NodePort` or `LoadBalancer`.
	 *
	 * @default "ClusterIP"
	 */
	type?: Input<string>;
	/** Such as a cloud's load balancer wants them. */
	annotations?: Input<{ [annotation: string]: Input<string> }>;
}
