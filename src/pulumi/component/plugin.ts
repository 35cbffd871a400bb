import type { Provider } from "@pulumi/pulumi/provider";
import { DbCluster } from "../native/dbcluster";
import type { KubernetesDbClusterArgs } from "./args";
import { componentTypes, KubernetesDbCluster } from "./kubernetes-dbcluster";
import * as schema from "./schema.json";

const type = componentTypes.native;
const { properties } = schema.resources[type];

/**
 * The component as Pulumi's engine calls it, for programs in every language: on the resource of the plugin `dbcluster`.
 *
 * @param version The package's own.
 */
export function componentPlugin(version: string): Provider {
	return {
		version,
		schema: JSON.stringify(schema),
		async construct(name, asked, inputs, options) {
			if (asked !== type) throw new Error(`there is no ${asked}, only ${type}`);
			const component = new KubernetesDbCluster(name, inputs as KubernetesDbClusterArgs, options, DbCluster);
			const outputs = Object.keys(properties) as (keyof KubernetesDbCluster)[];
			return { urn: component.urn, state: Object.fromEntries(outputs.map((output) => [output, component[output]])) };
		},
	};
}
