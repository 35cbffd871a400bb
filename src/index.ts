export type { DbClusterArgs, LocalArgs, ReleaseArgs, UpdateArgs, VersionsArgs } from "./pulumi/args";
export { DbCluster, type LastUpdate, type ReplicaVersion } from "./pulumi/dbcluster";
export type { KubernetesArgs, ResourcesArgs, SecretKeyArgs, ServiceArgs } from "./pulumi/kubernetes-args";
