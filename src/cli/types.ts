/** The types of a cluster in a state and in a preview: with the dynamic provider, and with the plugin. */
export const clusterTypes = ["pulumi-nodejs:dynamic/dbcluster:DbCluster", "dbcluster:index:DbCluster"];
