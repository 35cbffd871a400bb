import * as pulumi from "@pulumi/pulumi";
import type { DbClusterArgs } from "../args/args";
import type { LastUpdate, ReplicaVersion } from "../dbcluster";
import { withoutPromiseTraces } from "../host/stack-traces";
import { clusterTypes, commonOutputs } from "../stored";

/**
 * A MyScaleDB or ClickHouse cluster whose DB version only moves forward, by the plugin `dbcluster`. The preview of another
 * version fails with every reason why the update is not allowed, or warns of what it does to reads and writes and in which
 * order; `pulumi up` then updates in place, replica by replica. Pulumi must find `pulumi-resource-dbcluster`; see
 * docs/languages.md.
 *
 * Its state is small and it can be imported. A `DbCluster` of the package's main entry becomes one of these by another
 * import; nothing is replaced.
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
		return (
			pulumi.CustomResource.isInstance(value) &&
			(value as { __pulumiType?: unknown }).__pulumiType === clusterTypes.native
		);
	}

	/**
	 * Reads a cluster that this program does not declare: its outputs, and nothing is changed.
	 *
	 * @param name The resource's name in the program.
	 * @param id As in Pulumi's state and for `pulumi import`: `kubernetes:db/analytics`.
	 * @param opts As of any Pulumi resource.
	 */
	static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): DbCluster {
		return new DbCluster(name, { version: undefined } as never, { ...opts, id });
	}

	/**
	 * @param name The resource's name in the program; the cluster's own name too, unless `args.name` says another.
	 * @param args What the cluster is to be.
	 * @param opts As of any Pulumi resource.
	 */
	constructor(name: string, args: DbClusterArgs, opts?: pulumi.CustomResourceOptions) {
		const restore = withoutPromiseTraces();
		try {
			// The state of the resource that needs no plugin becomes this one's.
			const aliases = [opts?.parent === undefined ? urnOf(name) : { type: clusterTypes.dynamic }];
			super(clusterTypes.native, name, { ...outputs, ...args }, pulumi.mergeOptions(opts, { aliases }));
		} finally {
			restore();
		}
	}
}

/** Of the dynamic resource without a parent. Pulumi works an alias out for each resource, which a text saves a program. */
const urnOf = (name: string) =>
	`urn:pulumi:${pulumi.getStack()}::${pulumi.getProject()}::${clusterTypes.dynamic}::${name}`;

/** The other face hands over the last two as inputs. */
const outputs = { ...commonOutputs, endpoint: undefined, caveats: undefined };
