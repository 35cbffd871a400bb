/**
 * {@link DbCluster} by the plugin that programs in every language share, for programs in TypeScript.
 *
 * @module pulumi-dbcluster/native
 */
export { DbCluster } from "./pulumi/native/dbcluster";
