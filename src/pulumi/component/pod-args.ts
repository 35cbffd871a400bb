import type { Input } from "@pulumi/pulumi";
import type { ResourcesArgs } from "../args/kubernetes-args";

/** As in a pod's spec. */
export interface TolerationArgs {
	/**
	 * The key of the taint.
	 *
	 * @default every key, with the operator `Exists`
	 * @example "dedicated"
	 */
	key?: Input<string>;
	/**
	 * `Equal` or `Exists`.
	 *
	 * @default "Equal"
	 * @example "Exists"
	 */
	operator?: Input<string>;
	/**
	 * The value of the taint.
	 *
	 * @default none
	 * @example "db"
	 */
	value?: Input<string>;
	/**
	 * `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
	 *
	 * @default all of them
	 * @example "NoSchedule"
	 */
	effect?: Input<string>;
	/**
	 * How long a `NoExecute` taint is tolerated, in seconds.
	 *
	 * @default for ever
	 * @example 600
	 */
	tolerationSeconds?: Input<number>;
}

/** ClickHouse Keeper: made here, or `hosts` that are there. */
export interface KeeperArgs {
	/**
	 * The hosts of a Keeper or ZooKeeper that is there already, port 2181 unless given. None is made then.
	 *
	 * @default a Keeper is made
	 * @example ["keeper-0.keeper.infra.svc:2181", "keeper-1.keeper.infra.svc:2181", "keeper-2.keeper.infra.svc:2181"]
	 */
	hosts?: Input<string>[];

	/**
	 * How many there are: 3, of which one may fail, or 1. It can't be changed later, since members join a Raft ensemble
	 * only one by one: a change is not looked at by the Keepers that exist.
	 *
	 * @default 3
	 * @example 1
	 */
	replicas?: number;

	/**
	 * The image, with its tag or digest. It may be changed, servers first: Keepers restart one by one.
	 *
	 * @default "clickhouse/clickhouse-keeper:25.8.30.16"
	 * @example "registry.example.com/clickhouse-keeper@sha256:..."
	 */
	image?: Input<string>;

	/**
	 * The size of each Keeper's volume. It can't be changed later.
	 *
	 * @default "10Gi"
	 * @example "20Gi"
	 */
	storage?: Input<string>;

	/**
	 * What each Keeper requests and is limited to.
	 *
	 * @default { requests: { cpu: "250m", memory: "512Mi" } }
	 * @example { requests: { cpu: "1", memory: "2Gi" } }
	 */
	resources?: Input<ResourcesArgs>;
}
