import * as pulumi from "@pulumi/pulumi";

/** As the stack of fleet/clusters gives it out. */
interface Cluster {
	readonly version: string;
	readonly latestVersion?: string;
	readonly updateAvailable: boolean;
}

// Such as `organization/fleet/production`.
const fleet = new pulumi.StackReference(new pulumi.Config().require("fleet"));

/** `shop: 1.7.1 -> 1.8.0` for each cluster that has an update: for a dashboard, or a message to its owner. */
export const updates = (fleet.requireOutput("clusters") as pulumi.Output<Record<string, Cluster>>).apply((clusters) =>
	Object.entries(clusters).flatMap(([name, { version, latestVersion, updateAvailable }]) =>
		updateAvailable ? [`${name}: ${version} -> ${latestVersion}`] : [],
	),
);
