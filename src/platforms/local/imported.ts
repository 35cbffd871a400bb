import { ControlError } from "../../control/errors";
import type { FoundCluster, Importing } from "../../control/platform";
import { addonNamed, enginesOf } from "./installed";
import type { LocalCluster, RecordFile } from "./record";
import { defaultParent, expand, folderOf, type LocalSettings, place, portOf, readSettings } from "./settings";
import { Store } from "./store";

/** Everything that a local cluster's arguments say is in its record. */
export const localImporting: Importing = {
	ids: [
		"local:FOLDER/NAME, such as local:./data/analytics for the directory ./data, or local:~/.pulumi-dbcluster/analytics for the default directory",
	],
	find,
};

async function find(given: string, name: string, parts?: readonly string[]): Promise<FoundCluster> {
	if (parts !== undefined)
		throw new ControlError(
			`a local cluster has no StatefulSets. In the id, leave out = and what follows: local:${given}/${name}.`,
		);
	const read = readSettings({ directory: given });
	if ("problems" in read) throw new ControlError(read.problems.map(({ reason }) => reason).join(" "));
	const where = place(read.settings);
	// The default folder is named after the cluster, and its id is the same as that of a directory of this name.
	const directories = where === defaultParent ? [{}, { directory: where }] : [{ directory: where }];
	for (const directory of directories) {
		const { cluster } = recordIn(name, directory) ?? {};
		if (cluster?.name === name) return { given: settingsOf(cluster, directory) };
	}
	throw new ControlError(absence(where, name));
}

const recordIn = (name: string, directory: Pick<LocalSettings, "directory">): RecordFile | undefined =>
	new Store(folderOf(name, { ...directory, idleAfterSeconds: 0 })).read();

/** The settings with which a program gets what the record says. */
function settingsOf(cluster: LocalCluster, directory: Pick<LocalSettings, "directory">): LocalSettings {
	const bare = { ...directory, idleAfterSeconds: cluster.idleAfterSeconds };
	const engines = enginesOf(cluster);
	const addon = addonNamed(cluster);
	return {
		...bare,
		...(cluster.port !== portOf(cluster.name, bare) && { port: cluster.port }),
		...(engines && { engines }),
		...(addon !== undefined && { addon }),
	};
}

/** What is there in place of the cluster. */
function absence(where: string, name: string): string {
	const folder = where === defaultParent ? `${where}/${name}` : where;
	const { cluster, retained } = new Store(expand(folder)).read() ?? {};
	const none = `there is no cluster ${name} in ${expand(folder)}`;
	if (cluster !== undefined)
		return `${none}. The folder holds ${cluster.name}. To import ${cluster.name}, use the id local:${where}/${cluster.name}.`;
	if (retained !== undefined)
		return `${none}: it was destroyed, and its data was kept. It belonged to ${retained.owner}. To use the data again, declare a DbCluster with the same stack, name and location. In another stack, also set adopt: true.`;
	const inner = new Store(expand(`${where}/${name}`)).read()?.cluster;
	if (inner !== undefined && where !== defaultParent)
		return `${none}. ${where}/${name} is the folder of the cluster ${inner.name}. To import ${inner.name}, use the id local:${where}/${name}/${inner.name}.`;
	return `${none}: the folder has no record (cluster.json). An id is local:FOLDER/NAME, such as local:./data/analytics; a relative FOLDER is taken from the program's folder.`;
}
