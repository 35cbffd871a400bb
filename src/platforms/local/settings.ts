import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, parse, resolve, sep } from "node:path";
import { z } from "zod";
import { integer, problemsIn, shown, textOf } from "../../control/accepts";
import type { SettingProblem } from "../../control/platform";
import { parseVersion } from "../../core/version";

const directory =
	'a folder. Give a path such as "./data" or "~/clusters/analytics", or leave it out for a folder of this user\'s own';
const foreign = ({ input: folder }: { readonly input?: unknown }) =>
	`${shown(folder)} belongs to the system or holds other files, and a cluster needs a folder of its own. Name a new folder inside one of yours.`;
const engine = "an engine: give the name of an installed package or the folder that holds its libchdb.so";
const engines =
	'it is not an object of engines by DB version. Give one such as { "26.7.2.1": "@chdb/lib-linux-x64-gnu" }.';

export const localSchema = z.strictObject({
	directory: textOf(directory).refine(isOwnable, { error: foreign }).optional(),
	port: integer(
		1024,
		65_535,
		"a port: give a whole number from 1,024 to 65,535, or leave it out for one derived from the name",
	).optional(),
	idleAfterSeconds: integer(
		0,
		31_536_000,
		"a time: give a whole number of seconds up to 31,536,000, or 0 for never",
	).default(0),
	engines: z.record(z.string(), textOf(engine), { error: engines }).optional(),
	addon: textOf(
		"a file: set it to the path of a chdb_node.node, or leave it out to use that of the newest engine",
	).optional(),
});

const anyByName = z.record(z.string(), z.unknown());

/**
 * How a cluster of this machine is set up, as the user wrote it and checked: plain data. A `~` stays a `~`, and a
 * relative path stays relative to the program's folder, so that the same program means the same on every machine.
 */
export type LocalSettings = z.output<typeof localSchema>;

export const keys: readonly string[] = Object.keys(localSchema.shape);

/** Reads the settings as they were given; all problems at once. */
export function readSettings(
	given: Readonly<Record<string, unknown>>,
): { readonly settings: LocalSettings } | { readonly problems: readonly SettingProblem[] } {
	const read = localSchema.safeParse(given);
	const problems = problemsIn(localSchema, read.error?.issues ?? []);
	const { data: versions = {} } = anyByName.safeParse(given.engines);
	for (const version of Object.keys(versions).filter((text) => parseVersion(text) === undefined)) {
		problems.push({
			path: ["engines", version],
			reason: `${shown(version)} is not a DB version: give three or four numbers with dots between them, such as 26.7.2.1.`,
		});
	}
	const folder = read.success ? expand(read.data.directory ?? defaultParent) : "";
	const [fatal] = fatalInPath.exec(folder) ?? [];
	if (fatal !== undefined) {
		problems.push({
			path: ["directory"],
			reason: `${shown(folder)} contains ${shown(fatal)}, and the engine exits if the path of its data contains such a character. Name a folder whose whole path has no emoji, no letters of Asian scripts and no signs such as €.`,
		});
	}
	return read.success && problems.length === 0 ? { settings: read.data } : { problems };
}

/**
 * What takes three or four bytes in UTF-8. An engine of 26.7 opens its data under such a path, and its process ends without
 * a word at the first query; two bytes, as of an é, do no harm.
 */
const fatalInPath = /[\u{800}-\u{10ffff}]/u;

/** The folder that clusters are in, as the user wrote it: it is part of the id, and the same on every machine. */
export function place({ directory }: LocalSettings): string {
	return directory === undefined ? defaultParent : directory.replace(/(?<=.)\/+$/, "");
}

/** The folder of clusters whose directory is not given. */
export const defaultParent = "~/.pulumi-dbcluster";

/** The absolute folder of one cluster on this machine. */
export function folderOf(name: string, settings: LocalSettings): string {
	return expand(settings.directory ?? `${defaultParent}/${name}`);
}

/** The cluster's port: the one that was set, or one from 20,000 to 29,999 made from its place and its name. */
export function portOf(name: string, settings: LocalSettings): number {
	if (settings.port !== undefined) return settings.port;
	const digest = createHash("sha256")
		.update(`${place(settings)}/${name}`)
		.digest();
	return 20_000 + (digest.readUInt32BE(0) % 10_000);
}

/** An absolute path: `~` is the user's home, and what is relative is taken from the program's folder. */
export function expand(path: string): string {
	return resolve(path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path);
}

/** Not the root, what lies directly in it, the system's own, the home itself. */
function isOwnable(directory: string): boolean {
	const folder = expand(directory);
	const { root } = parse(folder);
	const [first = "", second] = folder.slice(root.length).split(sep);
	const system = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr", "System", "Library"];
	return second !== undefined && !system.includes(first) && folder !== homedir();
}
