export type {
	DestinationArgs,
	IngressArgs,
	NetworkPolicyArgs,
	PeerArgs,
	ServiceMonitorArgs,
} from "./pulumi/component/access-args";
export type { KeeperArgs, KubernetesDbClusterArgs, TolerationArgs } from "./pulumi/component/args";
export { KubernetesDbCluster } from "./pulumi/component/kubernetes-dbcluster";
