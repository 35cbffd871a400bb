import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DbCluster, type LastUpdate, type ReplicaVersion } from "../dbcluster";
import { DbCluster as NativeDbCluster } from "../native/dbcluster";
import { clusterTypes } from "../stored";
import type { KubernetesDbClusterArgs } from "./args";
import { exposure, serverFiles } from "./exposure";
import { keeper } from "./keeper";
import { networkPolicies } from "./network-policy";
import { nameFromId, password } from "./password";
import { metadata, type Scope } from "./scope";
import { clusterKeys, defaultImage, select, serverKeys, validate } from "./validate";

/**
 * A production-grade MyScaleDB or ClickHouse cluster on Kubernetes in one declaration: a {@link DbCluster} with its
 * namespace, password, Keeper, ServiceAccount and NetworkPolicies and, where asked for, an Ingress and a ServiceMonitor.
 *
 * It makes a Kubernetes provider from `kubeconfig` and `context`, by default those of the stack's configuration, such as
 * `kubernetes:context`; a `kubeconfig` that is given comes with its own current context. If a provider is among the
 * options or comes from a parent, that one is used; `DbCluster` takes the same two, so give them in that case as well.
 *
 * @throws pulumi.RunError that names every argument that has a problem, with its value, the reason and the way out.
 *
 * @example
 * const db = new KubernetesDbCluster("analytics", { version: "1.8.0", replicas: 2, storage: "500Gi" });
 * export const endpoint = db.endpoint;
 * export const updateAvailable = db.updateAvailable;
 */
export class KubernetesDbCluster extends pulumi.ComponentResource {
	/** The URL of ClickHouse's HTTP interface inside the Kubernetes cluster. */
	readonly endpoint!: pulumi.Output<string>;
	/** The URL of the Ingress; absent without one. */
	readonly url!: pulumi.Output<string | undefined>;
	/** The namespace. */
	readonly namespace!: pulumi.Output<string>;
	/** The Secret of the namespace that holds the user's password. */
	readonly secretName!: pulumi.Output<string>;
	/** The DB version that every replica runs. */
	readonly version!: pulumi.Output<string>;
	/** What it ran before its last update; absent before the first. */
	readonly previousVersion!: pulumi.Output<string | undefined>;
	/** The newest version of the catalogue when the cluster was last created, updated or refreshed; absent if unknown. */
	readonly latestVersion!: pulumi.Output<string | undefined>;
	/** Whether `latestVersion` is newer than what runs. Set `version` to it, or to `latest`, to update. */
	readonly updateAvailable!: pulumi.Output<boolean>;
	/** `Started`, `Stopped`, `Idle`, `Starting`, `Stopping`, `Updating`, `Restoring`, `Degraded` or `Unknown`. */
	readonly state!: pulumi.Output<string>;
	/** What each replica runs. */
	readonly replicaVersions!: pulumi.Output<ReplicaVersion[]>;
	/** How the last update went, also one that stopped; absent before the first. */
	readonly lastUpdate!: pulumi.Output<LastUpdate | undefined>;
	/** In preview what the pending update does to reads and writes, and in which order, by transition; absent when none is due. */
	readonly caveats!: pulumi.Output<Record<string, Record<string, string>> | undefined>;

	/** Whether a value is a KubernetesDbCluster, also of another copy of this package. */
	static override isInstance(value: unknown): value is KubernetesDbCluster {
		return (
			pulumi.ComponentResource.isInstance(value) &&
			Object.values<unknown>(componentTypes).includes((value as { __pulumiType?: unknown }).__pulumiType)
		);
	}

	/**
	 * @param name The component's name in the program; the cluster's own name too, unless `args.name` says another.
	 * @param args What the cluster is to be.
	 * @param opts As of any Pulumi component; a `@pulumi/kubernetes` provider among them is used.
	 * @param Cluster The class of the cluster inside: `DbCluster` of `pulumi-dbcluster`, or that of
	 *   `pulumi-dbcluster/native`. Nothing is replaced if it changes.
	 */
	constructor(
		name: string,
		args: KubernetesDbClusterArgs,
		opts?: pulumi.ComponentResourceOptions,
		Cluster: typeof DbCluster | typeof NativeDbCluster = DbCluster,
	) {
		validate(name, args);
		const { native, dynamic } = componentTypes;
		const [type, other] = Cluster === NativeDbCluster ? [native, dynamic] : [dynamic, native];
		super(type, name, {}, { ...opts, aliases: [...(opts?.aliases ?? []), { type: other }] });

		const cluster = args.name ?? name;
		const ofOptions = this.getProvider("kubernetes::");
		const connection = ofOptions === undefined ? connectionOf(args) : args;
		const provider = ofOptions ?? new kubernetes.Provider(name, connection, { parent: this });
		const children: pulumi.CustomResourceOptions = { parent: this, provider };
		const namespace = makeNamespace({
			component: name,
			cluster,
			args,
			opts: children,
			namespace: args.namespace ?? cluster,
		});
		const scope: Scope = {
			component: name,
			cluster,
			args,
			opts: children,
			namespace: namespace?.metadata.name ?? args.namespace ?? cluster,
		};
		const account = new kubernetes.core.v1.ServiceAccount(
			name,
			{
				metadata: { ...metadata(scope, cluster), annotations: args.serviceAccountAnnotations },
				automountServiceAccountToken: false,
			},
			children,
		);
		const policies = networkPolicies(scope);
		const login = password(scope);
		const keepers = keeper(scope);
		const db = new Cluster(
			name,
			{
				...(select(args, clusterKeys) as Pick<KubernetesDbClusterArgs, "version">),
				name: cluster,
				kubernetes: {
					...select({ ...args, ...connection }, serverKeys),
					image: args.image ?? defaultImage,
					namespace: namespace === undefined ? scope.namespace : nameFromId(namespace),
					passwordSecret: { name: login.made, ...(login.key !== undefined && { key: login.key }) },
					keeper: keepers.hosts,
					config: serverFiles(scope),
					serviceAccountName: cluster,
					...(connection.kubeconfig !== undefined && { kubeconfig: pulumi.secret(connection.kubeconfig) }),
				},
			},
			{
				parent: this,
				dependsOn: [account, ...policies, ...(login.secret ? [login.secret] : []), ...keepers.made],
				aliases: [
					// One that was declared without the component goes over into it.
					{ parent: pulumi.rootStackResource },
					// The native class knows the type of the other one.
					...(Cluster === NativeDbCluster ? [] : [{ type: clusterTypes.native }]),
				],
			},
		);
		exposure(scope);

		const { version, previousVersion, latestVersion, updateAvailable, state, replicaVersions, lastUpdate, caveats } =
			db;
		const outputs: Omit<KubernetesDbCluster, keyof pulumi.ComponentResource> = {
			endpoint: db.endpoint,
			url: pulumi.output(args.ingress?.host).apply((host) => host && `https://${host}`),
			namespace: pulumi.output(scope.namespace),
			secretName: login.name,
			version,
			previousVersion,
			latestVersion,
			updateAvailable,
			state,
			replicaVersions,
			lastUpdate,
			caveats,
		};
		Object.assign(this, outputs);
		this.registerOutputs(outputs);
	}
}

/** The component's own, by the class of the cluster inside. They stand in users' state: they can't be changed. */
export const componentTypes = {
	dynamic: "pulumi-dbcluster:kubernetes:KubernetesDbCluster",
	/** That of the plugin's schema, which programs in all languages declare. */
	native: "dbcluster-kubernetes:index:KubernetesDbCluster",
} as const;

type Connection = Pick<KubernetesDbClusterArgs, "kubeconfig" | "context">;

/**
 * By default what Pulumi's own Kubernetes provider takes from the stack's configuration, whose context need not be in a
 * kubeconfig that is given.
 */
function connectionOf(args: Connection): Connection {
	const config = new pulumi.Config("kubernetes");
	const ofStack = args.kubeconfig === undefined ? config.get("context") : undefined;
	const { kubeconfig = config.get("kubeconfig"), context = ofStack } = args;
	return {
		...(kubeconfig !== undefined && { kubeconfig: pulumi.secret(kubeconfig) }),
		...(context !== undefined && { context }),
	};
}

/** Volumes live in the namespace: it stays where they do. */
function makeNamespace(scope: Scope): kubernetes.core.v1.Namespace | undefined {
	const { args, component, opts } = scope;
	if (args.createNamespace === false) return undefined;
	const { namespace, labels } = metadata(scope, "");
	return new kubernetes.core.v1.Namespace(
		component,
		{
			metadata: {
				name: namespace,
				labels: labels.apply((all) => ({ ...all, "pod-security.kubernetes.io/enforce": "restricted" })),
			},
		},
		// A false would override the one that a user gives the component: what is not sent is inherited.
		args.deletionPolicy === "Delete" ? opts : { ...opts, retainOnDelete: true },
	);
}
