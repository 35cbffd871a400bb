import type { Platform } from "../../control/platform";
import type { ClusterSpec, Obstacle } from "../../control/port";
import { mustBeOurs, mustRun } from "./changes";
import { LocalControl } from "./control";
import { errorText, folderError } from "./errors";
import { localImporting } from "./imported";
import { engineChoice, installedEngines } from "./installed";
import { isFree, portTaken } from "./port";
import { emptyRecord, replicaFolders } from "./record";
import { folderOf, keys, type LocalSettings, place, portOf, readSettings } from "./settings";
import { Store } from "./store";

/**
 * The embedded platform: real ClickHouse engines as processes of this machine, for trying, for tests and for developers'
 * machines. Production is Kubernetes.
 */
export const localPlatform: Platform<LocalSettings> = {
	name: "local",
	keys,
	read: readSettings,
	place,
	endpoint: (name, settings) => `http://127.0.0.1:${portOf(name, settings)}`,
	// An engine's DB version is the ClickHouse version that it answers.
	releases: async (settings) => (await installedEngines(settings)).map(({ version }) => ({ version, engine: version })),
	importing: localImporting,
	control: (name, settings) => new LocalControl(name, settings),
	obstacles,
};

async function obstacles(spec: Omit<ClusterSpec<LocalSettings>, "generation">): Promise<Obstacle[]> {
	const { name, settings, version, replicas } = spec;
	const folder = folderOf(name, settings);
	const store = new Store(folder);
	const port = portOf(name, settings);
	const { engines } = await engineChoice(settings);
	const checks: readonly [property: string, check: () => void][] = [
		["local.directory", () => mustBeOurs(store.read() ?? emptyRecord, { ...spec, generation: "" }, folder)],
		["local.directory", () => store.mustBeMakeable()],
		["version", () => mustRun({ name, replicas, engines }, replicaFolders(replicas), version, store)],
	];
	const found = checks.flatMap(([property, check]): Obstacle[] => {
		try {
			check();
			return [];
		} catch (error) {
			return [{ property, reason: errorText(folderError(error, folder)) }];
		}
	});
	return (await isFree(port)) ? found : [...found, { property: "local.port", reason: portTaken(port) }];
}
