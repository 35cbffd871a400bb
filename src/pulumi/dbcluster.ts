import * as pulumi from "@pulumi/pulumi";
import type { DbClusterArgs } from "./args/args";
import { withoutPromiseTraces } from "./host/stack-traces";
import { shim } from "./shim";
import { clusterTypes, commonOutputs } from "./stored";

/** What runs on one replica. */
export interface ReplicaVersion {
	/** As the platform names it, such as `analytics-0-1`. */
	readonly name: string;
	/** Absent when it could not be found out. */
	readonly version?: string;
}

/** How an update of a cluster went, or one of its settings or its size. All times are in seconds. */
export interface LastUpdate {
	/** The lowest version that it came from. */
	readonly from: string;
	/** The version that it went to; the same as `from` where only settings or size changed. */
	readonly to: string;
	/** When it began, ISO 8601 in UTC. */
	readonly started: string;
	/** From its first look at the cluster to its end. */
	readonly seconds: number;
	/** `finished`, or `stopped` if it failed; then `pulumi up` resumes it. */
	readonly outcome: string;
	/** The replicas that were restarted, in order, each with the time that it did not serve; at most the first 64. */
	readonly replicas: ReplicaOut[];
}

/** For how long a replica could not be reached in an update. */
export interface ReplicaOut {
	/** The replica's name. */
	readonly name: string;
	/** From when clients were kept from it to when they reached it again, in seconds. */
	readonly outSeconds: number;
}

/**
 * A MyScaleDB or ClickHouse cluster whose DB version only moves forward.
 *
 * A change of `version` is judged in preview by the live cluster: it fails with every reason why the update is not
 * allowed, or shows as the input `caveats` what the update does to reads and writes and in which order. `pulumi up`
 * judges again, then updates in place, replica by replica, and stops at the first that does not come back.
 *
 * Every problem with the arguments, and every refusal, is an error of the preview that names the property, its value, the
 * reason and the way out; the constructor throws nothing for them.
 *
 * @example
 * const db = new DbCluster("analytics", { version: "26.7.2.1", replicas: 2, local: { port: 8123 } });
 * export const endpoint = db.endpoint;
 */
export class DbCluster extends pulumi.dynamic.Resource {
	/** The DB version that every replica runs; a number also where `latest` was asked for. */
	declare readonly version: pulumi.Output<string>;
	/** What it ran before its last update; absent before the first. */
	declare readonly previousVersion: pulumi.Output<string | undefined>;
	/** The newest version of the catalogue when the cluster was last created, updated or refreshed; absent if unknown. */
	declare readonly latestVersion: pulumi.Output<string | undefined>;
	/** Whether `latestVersion` is newer than what runs. Set `version` to it, or to `latest`, to update. */
	declare readonly updateAvailable: pulumi.Output<boolean>;
	/** `Started`, `Stopped`, `Idle`, `Starting`, `Stopping`, `Updating`, `Restoring`, `Degraded` or `Unknown`. */
	declare readonly state: pulumi.Output<string>;
	/** The URL of ClickHouse's HTTP interface. Known in preview already, unless where the cluster lives is not. */
	declare readonly endpoint: pulumi.Output<string>;
	/** What each replica runs. */
	declare readonly replicaVersions: pulumi.Output<ReplicaVersion[]>;
	/** How the last update went, also one that stopped; absent before the first. */
	declare readonly lastUpdate: pulumi.Output<LastUpdate | undefined>;
	/** What the last update did to reads and writes, and in which order, by transition; absent when none was due. */
	declare readonly caveats: pulumi.Output<Record<string, Record<string, string>> | undefined>;

	/** Whether a value is a DbCluster, also of another copy of this package. */
	static override isInstance(value: unknown): value is DbCluster {
		return (
			pulumi.CustomResource.isInstance(value) &&
			(value as { __pulumiType?: unknown }).__pulumiType === clusterTypes.dynamic
		);
	}

	/**
	 * @param name The resource's name in the program; the cluster's own name too, unless `args.name` says another.
	 * @param args What the cluster is to be.
	 * @param opts As of any Pulumi resource.
	 */
	constructor(name: string, args: DbClusterArgs, opts?: pulumi.CustomResourceOptions) {
		const restore = withoutPromiseTraces();
		try {
			// A copy: the base class writes into what it is given.
			super(
				shim,
				name,
				{ ...commonOutputs, name, ...given(args), ...ours(name, args) },
				opts,
				"dbcluster",
				"DbCluster",
			);
		} finally {
			restore();
		}
	}
}

/** Without what is not set, so that `name: undefined` still means the default. */
function given(args: DbClusterArgs | undefined): pulumi.Inputs {
	return Object.fromEntries(Object.entries(args ?? {}).filter(([, value]) => value !== undefined));
}

function ours(name: string, args: DbClusterArgs | undefined): pulumi.Inputs {
	const shown = withoutCredentials(args);
	return {
		owner: `${pulumi.getProject()}/${pulumi.getStack()}/${name}`,
		// Both are worked out by the provider from the arguments, and Pulumi keeps a value secret only under its own name:
		// so they are handed over as secret as what they come from.
		endpoint: asSecretAs([shown?.local, shown?.kubernetes], ""),
		caveats: asSecretAs(shown, {}),
	};
}

/** A value that is secret where something in its source is. A source of plain values has no secrets, and outputs cost time. */
function asSecretAs<T>(source: unknown, value: T): pulumi.Input<T> {
	return isPlain(source) ? value : pulumi.all([source as pulumi.Input<string>]).apply(() => value);
}

function isPlain(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return true;
	const prototype = Object.getPrototypeOf(value);
	return (prototype === Object.prototype || Array.isArray(value)) && Object.values(value).every(isPlain);
}

/** A kubeconfig is a secret by nature, and nothing of it gets into what is worked out: that must stay readable. */
function withoutCredentials(args: DbClusterArgs | undefined): DbClusterArgs | undefined {
	const kubernetes = args?.kubernetes;
	if (kubernetes === undefined || pulumi.Output.isInstance(kubernetes) || !("kubeconfig" in kubernetes)) return args;
	return { ...args, kubernetes: { ...kubernetes, kubeconfig: undefined } } as DbClusterArgs;
}
