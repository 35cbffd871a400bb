export type { DbClusterArgs, LocalArgs, UpdateArgs, WindowArgs } from "./pulumi/args";
export { DbCluster, type ReplicaVersion } from "./pulumi/dbcluster";
export type { KubernetesArgs, ResourcesArgs, SecretKeyArgs, ServiceArgs } from "./pulumi/kubernetes-args";
export type { RegistryArgs, ReleaseArgs, VersionsArgs } from "./pulumi/versions-args";
