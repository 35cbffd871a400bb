import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Platform, SettingProblem } from "../../control/platform";
import type { DbVersion } from "../../core/version";
import { LocalControl } from "./control";
import { installedEngines, localReleases } from "./engines";
import { noEngine } from "./must";
import { isFree, portTaken } from "./port-owner";
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
	releases: localReleases,
	control: (name, settings) => new LocalControl(name, settings),
	obstacles,
};

async function obstacles(name: string, settings: LocalSettings, version: DbVersion): Promise<SettingProblem[]> {
	const problems: SettingProblem[] = [];
	const folder = folderOf(name, settings);
	try {
		new Store(folder).read();
		accessSync(nearestFolder(folder), constants.W_OK);
	} catch (error) {
		const reason =
			error instanceof Error && "code" in error ? `${folder} can't be written by this user.` : String(error);
		problems.push({ path: ["directory"], reason });
	}
	const port = portOf(name, settings);
	if (!(await isFree(port))) problems.push({ path: ["port"], reason: portTaken(port) });
	const engines = await installedEngines(settings);
	if (!engines.some((engine) => engine.version === version)) {
		const reason = noEngine(
			version,
			engines.map((engine) => engine.version),
		);
		problems.push({ path: ["engines"], reason });
	}
	return problems;
}

function nearestFolder(path: string): string {
	return existsSync(path) ? path : nearestFolder(dirname(path));
}
