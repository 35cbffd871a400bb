export type { DbClusterArgs, LocalArgs, ReleaseArgs, UpdateArgs, VersionsArgs } from "./pulumi/args";
export { DbCluster, type ReplicaVersion } from "./pulumi/dbcluster";
