import * as pulumi from "@pulumi/pulumi";
import type { DbClusterArgs } from "../args/args";
import type { LastUpdate, ReplicaVersion } from "../dbcluster";
import { withoutPromiseTraces } from "../host/stack-traces";

/** It stands in users' state: it can't be changed. */
const type = "dbcluster:index:DbCluster";

/** The resource of the same name that needs no plugin: its state becomes this one's. */
const dynamicType = "pulumi-nodejs:dynamic/dbcluster:DbCluster";

/**
 * The same cluster by the plugin `dbcluster`, which programs in every language share: its state is small, it can be
 * imported, and its preview warns of what an update does. Pulumi must find `pulumi-resource-dbcluster`; see
 * docs/languages.md.
 *
 * A `DbCluster` of the package's main entry becomes one of these by another import; nothing is replaced.
 *
 * @example
 * import { DbCluster } from "pulumi-dbcluster/native";
 * const db = new DbCluster("analytics", { version: "26.7.2.1", replicas: 2, local: { port: 8123 } });
 */
export class DbCluster extends pulumi.CustomResource {
	/** The DB version that every replica runs; a number also where `latest` was asked for. */
	declare readonly version: pulumi.Output<string>;
	/** What it ran before its last update; absent before the first. */
	declare readonly previousVersion: pulumi.Output<string | undefined>;
	/** The newest version of the catalogue when the cluster was last created, updated or refreshed; absent if unknown. */
	declare readonly latestVersion: pulumi.Output<string | undefined>;
	/** Whether `latestVersion` is newer than what runs. */
	declare readonly updateAvailable: pulumi.Output<boolean>;
	/** `Started`, `Stopped`, `Idle`, `Starting`, `Stopping`, `Updating`, `Restoring`, `Degraded` or `Unknown`. */
	declare readonly state: pulumi.Output<string>;
	/** The URL of ClickHouse's HTTP interface. */
	declare readonly endpoint: pulumi.Output<string>;
	/** What each replica runs. */
	declare readonly replicaVersions: pulumi.Output<ReplicaVersion[]>;
	/** How the last update went, also one that stopped; absent before the first. */
	declare readonly lastUpdate: pulumi.Output<LastUpdate | undefined>;
	/** What the last update did to reads and writes, and in which order, by transition; absent when none was due. */
	declare readonly caveats: pulumi.Output<Record<string, Record<string, string>> | undefined>;

	/** Whether a value is such a DbCluster, also of another copy of this package. */
	static override isInstance(value: unknown): value is DbCluster {
		return pulumi.CustomResource.isInstance(value) && (value as { __pulumiType?: unknown }).__pulumiType === type;
	}

	/**
	 * @param name The resource's name in the program; the cluster's own name too, unless `args.name` says another.
	 * @param args What the cluster is to be.
	 * @param opts As of any Pulumi resource.
	 */
	constructor(name: string, args: DbClusterArgs, opts?: pulumi.CustomResourceOptions) {
		const restore = withoutPromiseTraces();
		try {
			super(type, name, { ...outputs, ...args }, pulumi.mergeOptions(opts, { aliases: [{ type: dynamicType }] }));
		} finally {
			restore();
		}
	}
}

/** An output exists only if the constructor names it. */
const outputs = {
	previousVersion: undefined,
	latestVersion: undefined,
	updateAvailable: undefined,
	state: undefined,
	endpoint: undefined,
	replicaVersions: undefined,
	lastUpdate: undefined,
	caveats: undefined,
};
