/** The types of a cluster, with the dynamic provider and with the plugin. Users' states hold them: they can't be changed. */
export const clusterTypes = {
	dynamic: "pulumi-nodejs:dynamic/dbcluster:DbCluster",
	native: "dbcluster:index:DbCluster",
} as const;

/** How Pulumi marks a value that is secret, in states and in its protocol: an object that has this mark under this key. */
export const secretSign = {
	key: "4dabf18193072939515e22adb298388d",
	mark: "1b47061264138c4ac30d75fd1eb44270",
} as const;

/** What Pulumi sends in preview for a value that is not known yet, whatever its type. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What each face of a resource has to name in its constructor, so that it exists as an output. */
export const commonOutputs = {
	previousVersion: undefined,
	latestVersion: undefined,
	updateAvailable: undefined,
	state: undefined,
	replicaVersions: undefined,
	lastUpdate: undefined,
};
