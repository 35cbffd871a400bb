#!/usr/bin/env node
import { main, type Provider } from "@pulumi/pulumi/provider";
import { leaveWithParent } from "../host/orphaned";
import { ownVersion } from "../host/own-version";

/** The packages that the component needs are optional peers: who has the other plugin may lack them. */
function plugin(): Provider | undefined {
	try {
		return (require("./plugin") as typeof import("./plugin")).componentPlugin(ownVersion());
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
		console.error(
			"KubernetesDbCluster needs more packages: npm install @pulumi/kubernetes @pulumi/random @kubernetes/client-node",
		);
		process.exitCode = 1;
	}
}

// `pulumi-resource-dbcluster-kubernetes ADDRESS`, started by Pulumi's engine as the other plugin is. A component needs
// nothing but `construct`, and that the SDK's own server has.
leaveWithParent();
const served = plugin();
if (served !== undefined) main(served, process.argv.slice(2));
