import * as pulumi from "@pulumi/pulumi";
import { KubernetesDbCluster } from "pulumi-dbcluster/kubernetes";

/** What differs between the clusters: `pulumi config set --path 'clusters[0].name' shop`, and so on. */
interface Cluster {
	readonly name: string;
	readonly version: string;
	readonly replicas?: number;
	readonly storage?: string;
}

const config = new pulumi.Config();
const fleet = config.requireObject<Cluster[]>("clusters").map(({ name, ...wanted }) => ({
	name,
	db: new KubernetesDbCluster(name, {
		...wanted,
		// Everybody's Keeper: one that is there already.
		keeper: { hosts: config.requireObject<string[]>("keeper") },
		labels: { fleet: pulumi.getStack() },
	}),
}));

/** By name; the stack of fleet/updates reads it. */
export const clusters = Object.fromEntries(
	fleet.map(({ name, db: { endpoint, version, latestVersion, updateAvailable } }) => [
		name,
		{ endpoint, version, latestVersion, updateAvailable },
	]),
);
