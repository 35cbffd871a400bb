/**
 * The resource {@link DbCluster}, its arguments and its outputs.
 *
 * @module pulumi-dbcluster
 */
export type { DbClusterArgs, LocalArgs, UpdateArgs, WindowArgs } from "./pulumi/args/args";
export type { HoldArgs } from "./pulumi/args/hold-args";
export type {
	ExistingArgs,
	KubernetesArgs,
	ResourcesArgs,
	SecretKeyArgs,
	ServiceArgs,
} from "./pulumi/args/kubernetes-args";
export type { RehearsalArgs } from "./pulumi/args/rehearsal-args";
export type { RegistryArgs, ReleaseArgs, VersionsArgs } from "./pulumi/args/versions-args";
export { DbCluster, type LastUpdate, type ReplicaOut, type ReplicaVersion } from "./pulumi/dbcluster";
