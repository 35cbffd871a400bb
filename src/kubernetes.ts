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
