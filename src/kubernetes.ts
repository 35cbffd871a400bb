/**
 * The component {@link KubernetesDbCluster}: a cluster on Kubernetes with all that it needs, in one declaration. It takes
 * `@pulumi/kubernetes`, `@pulumi/random` and `@kubernetes/client-node`.
 *
 * @module pulumi-dbcluster/kubernetes
 */
export type {
	DestinationArgs,
	IngressArgs,
	NetworkPolicyArgs,
	PeerArgs,
	ServiceMonitorArgs,
} from "./pulumi/component/access-args";
export type { KubernetesDbClusterArgs } from "./pulumi/component/args";
export { KubernetesDbCluster } from "./pulumi/component/kubernetes-dbcluster";
export type { KeeperArgs, TolerationArgs } from "./pulumi/component/pod-args";
