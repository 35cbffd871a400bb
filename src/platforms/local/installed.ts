import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { ControlError, PlatformError } from "../../control/errors";
import { compareVersions, type DbVersion, parseVersion } from "../../core/version";
import { errorText } from "./errors";
import type { EngineChoice } from "./record";
import { expand, type LocalSettings } from "./settings";

export interface InstalledEngine {
	readonly version: DbVersion;
	/** The absolute folder that holds, or should hold, its libchdb.so. */
	readonly library: string;
}

/** The package of the engine for this kind of machine; there is none for others than Linux and macOS. */
const enginePackage = `@chdb/lib-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`;

/** The file of an engine, and the addon that gives it to Node.js; also on macOS, where a library would end in .dylib. */
const libraryFile = "libchdb.so";
const addonFile = "chdb_node.node";

/** The engines that the settings name, or else the one that is installed with npm. Oldest first. */
export async function installedEngines(settings: LocalSettings): Promise<readonly InstalledEngine[]> {
	const named = Object.entries(settings.engines ?? {}).flatMap(([text, where]) => {
		const version = parseVersion(text);
		return version === undefined ? [] : [{ version, library: libraryFolder(where) }];
	});
	if (settings.engines !== undefined) return named.sort((a, b) => compareVersions(a.version, b.version));
	const library = packageFolder(enginePackage);
	if (library === undefined || !existsSync(join(library, libraryFile))) return [];
	return [{ version: await versionOf(library), library }];
}

/** What a cluster's record keeps of them: the folder of each version's library, and what binds them. */
export async function engineChoice(settings: LocalSettings): Promise<EngineChoice> {
	const installed = await installedEngines(settings);
	const engines = Object.fromEntries(installed.map(({ version, library }) => [version, library]));
	return { engines, addon: addonOf(settings, installed) };
}

/** Where nothing is installed, and the program names nothing. */
export const noEngine =
	"no ClickHouse engine is installed. Run npm install chdb in the program's folder, or name the folder of an engine in local.engines.";

/** Throws if a version's engine is named and is not there. */
export function mustExist({ engines, addon }: EngineChoice, version: DbVersion): void {
	const library = engines[version];
	if (library === undefined) return;
	if (!existsSync(join(library, libraryFile))) {
		const found = existsSync(library) ? `the folder ${library} has no ${libraryFile}` : `there is no folder ${library}`;
		throw new ControlError(
			`the engine of ${version} is missing: ${found}. Install it there, or name another package or folder in local.engines.`,
		);
	}
	if (!existsSync(addon))
		throw new ControlError(
			`the engine of ${version} can't be loaded: there is no ${addon}. Set local.addon to the path of a chdb_node.node, or run npm install chdb in the program's folder.`,
		);
}

/** The engines with which a program gets those of a record; `undefined` if it need not name any. */
export function enginesOf({ engines }: EngineChoice): EngineChoice["engines"] | undefined {
	const own = packageFolder(enginePackage);
	const all = Object.entries(engines);
	// The one that npm installs may have become another version since.
	if (all.every(([, library]) => library === own)) return undefined;
	return Object.fromEntries(all.map(([version, library]) => [version, asPackage(library)]));
}

/** The addon that a program has to name for that of a record; `undefined` if it is the one that is taken anyway. */
export function addonNamed({ engines, addon }: EngineChoice): string | undefined {
	const installed = Object.entries(engines).map(([version, library]) => ({ version: version as DbVersion, library }));
	installed.sort((a, b) => compareVersions(a.version, b.version));
	return addon === addonOf({ idleAfterSeconds: 0 }, installed) ? undefined : addon;
}

/** The name of the package that is in a folder, if it is found by that name; else the folder. */
function asPackage(folder: string): string {
	const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(folder) ?? [];
	return name !== undefined && packageFolder(name) === folder ? name : folder;
}

/**
 * The addon through which every engine is driven: the newest engine's, since an older engine's may ask for a newer C++
 * runtime than the system has, while the newest one runs on older libraries, too.
 */
export function addonOf(settings: LocalSettings, engines: readonly InstalledEngine[]): string {
	if (settings.addon !== undefined) return expand(settings.addon);
	const own = [...engines].reverse().map(({ library }) => join(library, addonFile));
	return own.find((file) => existsSync(file)) ?? join(packageFolder(enginePackage) ?? "", addonFile);
}

/** The variable that makes an engine's process find that engine's library: whichever addon loads it looks beside itself last. */
export function engineEnvironment(library: string): NodeJS.ProcessEnv {
	const name = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
	const before = process.env[name];
	return { [name]: before ? `${library}:${before}` : library };
}

/** A package's name, a folder, or the library itself. What is not there is kept as a path, for the engine to fail on. */
function libraryFolder(where: string): string {
	const isPath = where.startsWith(".") || where.startsWith("~") || isAbsolute(where);
	if (!isPath) return packageFolder(where) ?? expand(join("node_modules", where));
	const path = expand(where);
	return basename(path) === libraryFile ? dirname(path) : path;
}

/** Where a package is installed, seen from the program, from this package, and from chdb, which brings the engine. */
function packageFolder(name: string): string | undefined {
	const chdb = folderSeenFrom([process.cwd(), __dirname], "chdb");
	return folderSeenFrom([process.cwd(), __dirname, ...(chdb === undefined ? [] : [chdb])], name);
}

function folderSeenFrom(paths: string[], name: string): string | undefined {
	try {
		return dirname(createRequire(__filename).resolve(`${name}/package.json`, { paths }));
	} catch {
		return undefined;
	}
}

const probes = new Map<string, Promise<DbVersion>>();

/** An engine's version, asked for once: loading an engine takes half a gigabyte. */
function versionOf(library: string): Promise<DbVersion> {
	const known = probes.get(library) ?? probe(library);
	probes.set(library, known);
	known.catch(() => probes.delete(library));
	return known;
}

const anotherEngine = 'Set local.engines to another engine, such as { "26.7.2.1": "@chdb/lib-linux-x64-gnu" }.';

async function probe(library: string): Promise<DbVersion> {
	const script = "process.stdout.write(require(process.argv[1]).Query('SELECT version()', 'TSVRaw'))";
	const options = { env: { ...process.env, ...engineEnvironment(library) }, timeout: 60_000 };
	try {
		const { stdout } = await promisify(execFile)(process.execPath, ["-e", script, join(library, addonFile)], options);
		const version = parseVersion(stdout.trim());
		if (version !== undefined) return version;
		throw new PlatformError(
			`the engine in ${library} answers SELECT version() with ${JSON.stringify(stdout.trim().slice(0, 80))}, which is not a DB version. ${anotherEngine}`,
		);
	} catch (error) {
		if (error instanceof PlatformError) throw error;
		const words = errorText(error).trim().split("\n").at(-1);
		throw new PlatformError(`the engine in ${library} does not run: ${words}. ${anotherEngine}`);
	}
}
