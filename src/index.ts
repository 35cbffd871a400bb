export type { DbClusterArgs, LocalArgs, ReleaseArgs, UpdateArgs, VersionsArgs } from "./pulumi/args";
export { DbCluster, type ReplicaVersion } from "./pulumi/dbcluster";
export type { ExistingArgs, KubernetesArgs, ResourcesArgs, SecretKeyArgs, ServiceArgs } from "./pulumi/kubernetes-args";
