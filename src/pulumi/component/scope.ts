import type { CustomResourceOptions, Input } from "@pulumi/pulumi";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesDbClusterArgs } from "./args";

/** What the children of one component share. */
export interface Scope {
	/** The component's name, from which the children have theirs. */
	readonly component: string;
	/** The cluster's name on Kubernetes. */
	readonly cluster: string;
	readonly namespace: Input<string>;
	readonly args: KubernetesDbClusterArgs;
	readonly opts: CustomResourceOptions;
}

type Labels = { [label: string]: string };

/** Keeper's pods. They lack the label of the servers, by which DbCluster finds its own. */
export const keeperLabel = "pulumi-dbcluster/keeper";

/** Keeps Pulumi from waiting until an object has endpoints. */
export const skipAwait = { "pulumi.com/skipAwait": "true" };

export const metadata = ({ cluster, namespace, args }: Scope, name: string) => ({
	name,
	namespace,
	labels: labels(cluster, args.labels),
});

export function labels(cluster: string, ...more: (Input<{ [label: string]: Input<string> }> | undefined)[]) {
	return pulumi.all(more.map((each) => pulumi.output(each ?? {}))).apply(
		(all): Labels => ({
			...Object.assign({}, ...all),
			"app.kubernetes.io/name": "dbcluster",
			"app.kubernetes.io/instance": cluster,
			"app.kubernetes.io/managed-by": "pulumi",
		}),
	);
}
