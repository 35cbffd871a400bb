import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, parse, resolve, sep } from "node:path";
import { z } from "zod";
import type { SettingProblem } from "../../control/platform";
import { parseVersion } from "../../core/version";

const text = (what: string) =>
	z.custom<string>((value) => typeof value === "string" && value !== "" && value.length <= 4096, not(what));
const whole = (least: number, most: number, what: string) =>
	z.custom<number>((value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most, not(what));
const not = (what: string) => ({
	error: ({ input }: { readonly input?: unknown }) => `${shown(input)} is not ${what}.`,
});

const directory =
	'a folder. Give a path such as "./data" or "~/clusters/analytics", or leave it out for a folder of this user\'s own';
const port = "a port: give a whole number from 1,024 to 65,535, or leave it out for one derived from the name";
const time = "a time: give a whole number of seconds up to 31,536,000, or 0 for never";
const engine = "an engine: give the name of an installed package or the folder that holds its libchdb.so";
const engines =
	'it is not an object of engines by DB version. Give one such as { "26.7.2.1": "@chdb/lib-linux-x64-gnu" }.';
const addon = "a file: give the path of a chdb_node.node, or leave it out for the newest engine's own";

const schema = z.strictObject({
	directory: text(directory).optional(),
	port: whole(1024, 65_535, port).optional(),
	idleAfterSeconds: whole(0, 31_536_000, time).default(0),
	engines: z.record(z.string(), text(engine), { error: engines }).optional(),
	addon: text(addon).optional(),
});

/**
 * How a cluster of this machine is set up, as the user wrote it and checked: plain data. A `~` stays a `~`, and a
 * relative path stays relative to the program's folder, so that the same program means the same on every machine.
 */
export type LocalSettings = z.output<typeof schema>;

export const keys: readonly string[] = Object.keys(schema.shape);

/** Reads the settings as they were given; all problems at once. */
export function readSettings(
	given: Readonly<Record<string, unknown>>,
): { readonly settings: LocalSettings } | { readonly problems: readonly SettingProblem[] } {
	const read = schema.safeParse(given);
	const problems = read.success ? [] : read.error.issues.flatMap((issue) => problemsOf(issue));
	const { directory, engines } = given;
	if (typeof directory === "string" && isForeign(directory)) {
		problems.push({
			path: ["directory"],
			reason: `${directory} belongs to the system or holds other files, and a cluster needs a folder of its own. Name a new folder inside one of yours.`,
		});
	}
	const { data: versions = {} } = z.record(z.string(), z.unknown()).safeParse(engines);
	for (const version of Object.keys(versions).filter((text) => parseVersion(text) === undefined)) {
		problems.push({
			path: ["engines", version],
			reason: `"${version}" is not a DB version: give three or four numbers with dots between them, such as 26.7.2.1.`,
		});
	}
	return read.success && problems.length === 0 ? { settings: read.data } : { problems };
}

/** The folder that clusters are in, as the user wrote it: it is part of the id, and the same on every machine. */
export function place({ directory }: LocalSettings): string {
	return directory === undefined ? defaultParent : directory.replace(/(?<=.)\/+$/, "");
}

const defaultParent = "~/.pulumi-dbcluster";

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

/** Folders that are never a cluster's: the root, what lies directly in it, the system's own, the home itself. */
function isForeign(directory: string): boolean {
	const folder = expand(directory);
	const { root } = parse(folder);
	const [first = "", second] = folder.slice(root.length).split(sep);
	const system = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "usr", "System", "Library"];
	return second === undefined || system.includes(first) || folder === homedir();
}

function problemsOf(issue: z.core.$ZodIssue): SettingProblem[] {
	const path = issue.path as (string | number)[];
	if (issue.code !== "unrecognized_keys") return [{ path, reason: issue.message }];
	return issue.keys.map((key) => ({
		path: [...path, key],
		reason: `there is no such setting. There are ${keys.join(", ")}.`,
	}));
}

function shown(value: unknown): string {
	if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
	return typeof value === "number" || typeof value === "boolean" ? String(value) : `a value of type ${typeof value}`;
}
