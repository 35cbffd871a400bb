import { ControlError } from "../../control/errors";
import type { Platform } from "../../control/platform";
import type { ClusterSpec, Obstacle } from "../../control/port";
import { isTaken } from "./carry-out";
import { mustBeOurs, mustRun } from "./changes";
import { LocalControl } from "./control";
import { errorText, folderError } from "./errors";
import { localImporting } from "./imported";
import { engineChoice, installedEngines, mustExist, noEngine } from "./installed";
import { machineAndFolder } from "./machine";
import { portTaken } from "./port";
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
	locating: ["directory", "engines"],
	read: readSettings,
	place,
	server: machineAndFolder,
	onMachine: true,
	endpoint: (name, settings) => `http://127.0.0.1:${portOf(name, settings)}`,
	engines: true,
	// An engine's DB version is the ClickHouse version that it answers.
	releases: async (settings) => {
		const found = await installedEngines(settings);
		if (found.length === 0) throw new ControlError(noEngine);
		return found.map(({ version }) => ({ version, engine: version }));
	},
	artifact: async (settings, version) => {
		mustExist(await engineChoice(settings), version);
		return undefined;
	},
	importing: localImporting,
	control: (name, settings) => new LocalControl(name, settings),
	obstacles,
	takeover: async ({ name, settings, owner }): Promise<Readonly<Record<string, string>>> => {
		const { retained } = new Store(folderOf(name, settings)).read() ?? {};
		if (retained === undefined || retained.owner === owner) return {};
		return {
			data: `the data in this folder is used: ${retained.owner} destroyed its cluster and kept the data`,
		};
	},
};

async function obstacles(spec: Omit<ClusterSpec<LocalSettings>, "generation">): Promise<Obstacle[]> {
	const { name, settings, version, replicas } = spec;
	const folder = folderOf(name, settings);
	const store = new Store(folder);
	const port = portOf(name, settings);
	const choice = await engineChoice(settings);
	const checks: readonly [property: string, check: () => void][] = [
		["local.directory", () => mustBeOurs(store.read() ?? emptyRecord, { ...spec, generation: "" }, folder)],
		["local.directory", () => store.mustBeMakeable()],
		["version", () => mustRun({ name, replicas, ...choice }, replicaFolders(replicas), version, store)],
		["local.engines", () => mustExist(choice, version)],
	];
	const found = checks.flatMap(([property, check]): Obstacle[] => {
		try {
			check();
			return [];
		} catch (error) {
			return [{ property, reason: errorText(folderError(error, folder)) }];
		}
	});
	return (await isTaken(folder, port)) ? [...found, { property: "local.port", reason: portTaken(port) }] : found;
}
