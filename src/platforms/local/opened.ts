import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import { readIfThere, replaceDurably } from "./files";
import { dataFolder, openedFile } from "./protocol";

/** The highest DB version that ever opened a replica's data, as the replica's own process noted it. */
export function openerOf(home: string, replica: string): DbVersion | undefined {
	return parseVersion(readIfThere(join(home, replica, openedFile))?.trim());
}

/** Whether a version must not open a replica's data: whatever the record says, older engines never open newer data. */
export function isTooOldFor(home: string, replica: string, version: DbVersion): boolean {
	const opener = openerOf(home, replica);
	return opener !== undefined && compareVersions(version, opener) < 0;
}

/** Notes that this version is about to open the data. Refuses when a higher one did. */
export function noteOpened(home: string, replica: string, version: DbVersion): void {
	const opener = openerOf(home, replica);
	if (isTooOldFor(home, replica, version))
		throw new Error(`the data of ${replica} was opened by ${opener}, and a DB version never goes back to ${version}`);
	if (opener === version) return;
	mkdirSync(join(home, replica, dataFolder), { recursive: true, mode: 0o700 });
	replaceDurably(join(home, replica, openedFile), `${version}\n`);
}
