import type { Input } from "@pulumi/pulumi";
import type { HoldArgs } from "./hold-args";
import type { KubernetesArgs } from "./kubernetes-args";
import type { RehearsalArgs } from "./rehearsal-args";
import type { VersionsArgs } from "./versions-args";

/** What a cluster is to be, wherever it lives and whoever declares it. */
export interface ClusterArgs {
	/**
	 * The DB version that every replica is to run: three or four numeric parts, or `latest` for the newest one of the
	 * catalogue. It is the version of the image or of the control plane, not what `SELECT version()` answers.
	 *
	 * A newer version updates the cluster in place, replica by replica. An older one is refused in preview: a DB version
	 * never goes back.
	 *
	 * On Kubernetes it may carry the digest that its image must have: where the registry has the tag as another image, the
	 * preview fails. A digest that is added to the version that runs is checked, and restarts nothing.
	 *
	 * @example "1.8.0"
	 * @example "1.8.0@sha256:4a5c..."
	 * @example "0.9.2.0"
	 * @example "latest"
	 */
	version: Input<string>;

	/**
	 * How many shards the data is spread over, from 1 to 256. On Kubernetes it can be raised; a local cluster has one.
	 *
	 * @default 1
	 * @example 3
	 */
	shards?: Input<number>;

	/**
	 * How many replicas each shard has, from 1 to 64. With two or more, SELECT keeps working during an update. On
	 * Kubernetes it can be raised and lowered; of a local cluster it can't be changed.
	 *
	 * @default 2
	 * @example 3
	 */
	replicas?: Input<number>;

	/**
	 * The catalogue: which versions exist.
	 *
	 * @default the tags of the image, on Kubernetes; the engines that are installed, on the local platform
	 * @example { list: [{ version: "1.7.1" }, { version: "1.8.0" }] }
	 * @example { registry: { image: "myscale/myscaledb", tags: "^1\\." } }
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
	 * `Started` or `Stopped`: what the cluster is to be in once `pulumi up` is done. Left alone unless given, so that a
	 * cluster that somebody stopped stays stopped. An update of a stopped cluster happens while it is stopped.
	 *
	 * @default left alone
	 * @example "Stopped"
	 */
	desiredState?: Input<string>;
}

/** What a {@link DbCluster} is to be. */
export interface DbClusterArgs extends ClusterArgs {
	/**
	 * Puts the cluster on this machine, as processes that hold embedded ClickHouse engines: for trying things, for tests
	 * and for development. Exactly one platform must be given; `{}` takes every default.
	 *
	 * @default none
	 * @example { port: 8123 }
	 */
	local?: Input<LocalArgs>;

	/**
	 * Puts the cluster on Kubernetes, as StatefulSets: for production. Exactly one platform must be given.
	 *
	 * @default none
	 * @example { namespace: "db", image: "myscale/myscaledb", passwordSecret: { name: "db-password" } }
	 */
	kubernetes?: Input<KubernetesArgs>;

	/**
	 * What becomes of the data when the resource is destroyed: `Retain` keeps it, `Delete` deletes it. What counts is what
	 * the last `pulumi up` said.
	 *
	 * @default "Retain"
	 * @example "Delete"
	 */
	deletionPolicy?: Input<string>;

	/**
	 * Takes over a cluster that exists already under this name and belongs to no resource or to another one. Without it
	 * such a cluster is refused.
	 *
	 * @default false
	 * @example true
	 */
	adopt?: Input<boolean>;

	/**
	 * The cluster's name on its platform: up to 42 lower-case letters, digits and dashes, a letter first and no dash last.
	 * It can't be changed later.
	 *
	 * @default the name of the resource
	 * @example "analytics"
	 */
	name?: Input<string>;
}

/** Where on this machine a cluster lives, and with which engines. */
export interface LocalArgs {
	/**
	 * The folder of this cluster: its data, its record and its logs. A `~` is your home, a relative path is taken from the
	 * program's folder. It can't be changed later.
	 *
	 * @default `~/.pulumi-dbcluster/<name of the cluster>`
	 * @example "./data"
	 */
	directory?: Input<string>;

	/**
	 * The port on 127.0.0.1 at which the cluster answers ClickHouse's HTTP interface, from 1,024 to 65,535.
	 *
	 * @default one from 20,000 to 29,999 that is made from the cluster's folder and name, always the same
	 * @example 8123
	 */
	port?: Input<number>;

	/**
	 * After so many seconds without a request the cluster becomes Idle: its engines stop until the next request wakes
	 * them. 0 is never.
	 *
	 * @default 0
	 * @example 900
	 */
	idleAfterSeconds?: Input<number>;

	/**
	 * The engines that there are, by DB version: an installed npm package, or the folder that holds a `libchdb.so`. They
	 * are the catalogue, unless `versions` gives another.
	 *
	 * @default the engine that is installed with npm
	 * @example { "26.5.1.1": "chdb-old", "26.7.2.1": "@chdb/lib-linux-x64-gnu" }
	 */
	engines?: Input<{ [version: string]: Input<string> }>;

	/**
	 * The `chdb_node.node` through which every engine is loaded.
	 *
	 * @default the newest engine's own
	 * @example "./node_modules/chdb/build/Release/chdb_node.node"
	 */
	addon?: Input<string>;
}

/** How updates go. */
export interface UpdateArgs {
	/**
	 * `latest`: every update goes to the newest version of the catalogue, as the vendor requires. `any`: to any version
	 * that is not older than the running one.
	 *
	 * @default "latest"
	 * @example "any"
	 */
	policy?: Input<string>;

	/**
	 * `live`: preview checks an update against the live cluster, and fails when that can't be read. `recorded`: if it can't
	 * be read, preview checks against what the last `pulumi up` recorded, and says so. `pulumi up` always checks the live
	 * cluster before it changes anything.
	 *
	 * @default "live"
	 * @example "recorded"
	 */
	judge?: Input<string>;

	/**
	 * How long a replica that was taken out of the endpoints waits for its running queries, in seconds, from 0
	 * to 86,400. Queries that run longer are cut off.
	 *
	 * @default 30
	 * @example 300
	 */
	drainSeconds?: Input<number>;

	/**
	 * How long a replica may show no progress while it starts before the update stops there, in seconds, from 1 to
	 * 604,800. A replica that makes progress is waited for without limit.
	 *
	 * @default 300
	 * @example 1800
	 */
	stallSeconds?: Input<number>;

	/**
	 * How many shards are updated at once, after the first replica of the first shard serves, from 1 to 256. Within a shard
	 * it is always one replica after the other.
	 *
	 * @default 4
	 * @example 1
	 */
	shardsAtOnce?: Input<number>;

	/**
	 * Tables that differ between the replicas of a shard on purpose, by database and name; `scratch.*` is all of a database.
	 * All others must be on every replica of a shard before one of them is taken down, and a replica that comes back without
	 * one stops the update. Reads of the tables that are named here fail while their replica restarts.
	 *
	 * @default none
	 * @example ["default.loc", "scratch.*"]
	 */
	localTables?: Input<Input<string>[]>;

	/**
	 * Holds after the first replica: once it serves with the new version, or with the new settings, the update waits before
	 * it touches another one, and compares the queries of clients that fail there with those that fail on the other replicas
	 * of its shard (on all others if it is alone in its shard). If more fail than allowed, or a replica stops serving, the
	 * update stops there.
	 *
	 * A cluster of one replica, a stopped one and one that is being created have nothing to compare: there is no hold. An
	 * update that stopped after the first replica holds again when it is resumed; one that had come further does not.
	 *
	 * @default no hold
	 * @example { seconds: 600 }
	 * @example { seconds: 3600, errors: 0.001 }
	 */
	hold?: Input<HoldArgs>;

	/**
	 * The rehearsal: before an update touches a replica, the version is started beside the cluster, with the cluster's
	 * settings, users and table definitions and none of its rows.
	 *
	 * @default `pulumi up` rehearses unless the version passed within a day
	 * @example { policy: "required", queries: 500 }
	 */
	rehearsal?: Input<RehearsalArgs>;

	/**
	 * The maintenance window: replicas are restarted, for another version or for other settings, only by a `pulumi up` that
	 * runs while it is open. Previews say when it opens and do not fail, so that a change can be approved beforehand.
	 *
	 * An update that has started is finished: one that is under way when the window closes continues, and one that stopped
	 * midway may be resumed at any time. Creating, starting and stopping a cluster is possible at any time, too.
	 *
	 * @default updates begin at any time
	 * @example { schedule: "0 2 * * 6", minutes: 240, timeZone: "Europe/Berlin" }
	 */
	window?: Input<WindowArgs>;

	/**
	 * For an emergency: updates start even though the window is closed. The caveats say so as long as it is set.
	 *
	 * @default false
	 * @example true
	 */
	ignoreWindow?: Input<boolean>;
}

/** When updates may begin. */
export interface WindowArgs {
	/**
	 * When it opens: a schedule of cron's five fields (minute, hour, day of the month, month, day of the week).
	 *
	 * @example "0 2 * * 6"
	 * @example "30 22 * * 1-5"
	 */
	schedule: Input<string>;

	/**
	 * How long it stays open, in minutes, from 1 to 10,080 (a week).
	 *
	 * @example 240
	 */
	minutes: Input<number>;

	/**
	 * The time zone of the schedule, by its name in the IANA's database. If daylight saving time skips a time of the day that
	 * the schedule names, the window opens at the end of the skipped hour; if the time comes twice, it opens the first time.
	 *
	 * @default "UTC"
	 * @example "Europe/Berlin"
	 */
	timeZone?: Input<string>;
}
