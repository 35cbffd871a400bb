/**
 * Finds or gets the Pulumi CLI with its Node.js language host. Run by itself it prints the folder that holds them.
 *
 * No npm package holds the CLI, so `npm ci` can't bring it.
 */
import {
	accessSync,
	chmodSync,
	constants,
	copyFileSync,
	existsSync,
	readdirSync,
	realpathSync,
	renameSync,
	statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import semver from "semver";
import { cached, cacheFolder } from "./cli/cache.mts";
import { compileCli, compiledVersion, goVersion } from "./cli/compile.mts";
import { Explained, run } from "./cli/program.mts";
import { install, vendorReachable, vendorVersion } from "./cli/vendor.mts";
import { Progress, say } from "./terminal.mts";

export interface PulumiCli {
	/** Holds `pulumi` and its helpers: put it on PATH, after the folder of the `node` to run programs with. */
	readonly folder: string;
	readonly version: string;
	/** Where it came from, for people. */
	readonly source: string;
}

/** The oldest CLI that the SDK's protocol was tried with. */
const minimum = "3.200.0";
/** Its folder in the cache. */
const nameOf = (version: string) => `pulumi-${version}`;
const launcher = "pulumi-resource-pulumi-nodejs";
const helpers = ["pulumi-language-nodejs", launcher];

/**
 * The CLI: the one on PATH, else one got earlier, else from the vendor's installer, else compiled from Go modules.
 * Speaks only when it takes a while.
 *
 * @throws Explained when there is none and none can be got; its message names the ways to get one.
 */
export async function pulumiCli(): Promise<PulumiCli> {
	const onPath = await fromPath();
	if ("folder" in onPath) return onPath;
	for (const folder of earlier()) {
		const version = await wholeVersion(folder);
		if (version !== undefined) return { folder, version, source: "got earlier" };
	}
	say(`No usable Pulumi CLI on PATH (${onPath.why}): getting one, once; it is kept in ${cacheFolder()}.`);
	const vendor = await fromVendor();
	if ("folder" in vendor) return vendor;
	const compiled = await fromGo();
	if ("folder" in compiled) return compiled;
	throw new Explained(
		[
			"There is no Pulumi CLI and none of the three ways to get one works here:",
			`  - on PATH: ${onPath.why}. Install it as https://www.pulumi.com/docs/install/ says, ${minimum} or later.`,
			`  - the vendor's installer: ${vendor.why}.`,
			`  - compiled from its Go modules: ${compiled.why}.`,
		].join("\n"),
	);
}

/**
 * A CLI of exactly this version, for tests beside others: none on PATH counts, and it is kept where {@link pulumiCli} does
 * not look, so that what one command gets changes no other one's.
 *
 * @throws Explained when it can't be got.
 */
export async function pulumiCliAt(version: string): Promise<PulumiCli> {
	const name = `cli-${version}`;
	const vendor = await fromVendor(version, name);
	if ("folder" in vendor) return vendor;
	const compiled = await fromGo(version, name);
	if ("folder" in compiled) return compiled;
	throw new Explained(
		`There is no Pulumi CLI ${version}: the vendor's installer: ${vendor.why}; from Go: ${compiled.why}.`,
	);
}

type Attempt = PulumiCli | { readonly why: string };

async function fromPath(): Promise<Attempt> {
	const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
	const folder = folders.find((candidate) => runs(join(candidate, "pulumi")));
	if (folder === undefined) return { why: "there is none" };
	const home = dirname(realpathSync(join(folder, "pulumi")));
	const missing = helpers.filter((helper) => ![home, ...folders].some((place) => runs(join(place, helper))));
	if (missing.length > 0) return { why: `${folder}/pulumi comes without ${missing.join(" and ")}` };
	const version = await versionOf(folder);
	if (version === undefined) return { why: `${folder}/pulumi does not tell its version` };
	if (semver.lt(version, minimum))
		return { why: `${folder}/pulumi is ${version}, and ${minimum} is the oldest that will do` };
	return { folder, version, source: "found on PATH" };
}

async function fromVendor(version = vendorVersion, name = nameOf(version)): Promise<Attempt> {
	const { reachable, why } = await vendorReachable();
	if (!reachable) return { why: `its site can't be reached from here (${why})` };
	return get(name, `installing the Pulumi CLI ${version} with the vendor's installer`, (folder) =>
		install(folder, version),
	);
}

async function fromGo(version = compiledVersion, name = nameOf(version)): Promise<Attempt> {
	const go = await goVersion();
	if (go === undefined) return { why: "there is no `go` on PATH; https://go.dev/dl/ has it" };
	return get(name, `compiling the Pulumi CLI ${version} with ${go}, 4 to 10 minutes`, (folder, progress) =>
		compileCli(folder, version, progress),
	);
}

async function get(
	name: string,
	title: string,
	make: (folder: string, progress: Progress) => Promise<void>,
): Promise<Attempt> {
	let progress: Progress | undefined;
	const shown = () => {
		progress ??= new Progress(title);
		return progress;
	};
	try {
		const folder = await cached(
			name,
			async (place) => (await wholeVersion(place)) !== undefined,
			async (place) => {
				await make(place, shown());
				if ((await wholeVersion(place)) === undefined) throw new Explained("the result does not run");
			},
			() => shown().detail("another process is at it, waiting for that"),
		);
		progress?.done(`done in ${Math.round(progress.seconds)} s`);
		return { folder, version: (await wholeVersion(folder)) ?? "", source: progress ? "got just now" : "got earlier" };
	} catch (error) {
		progress?.done("failed");
		return { why: (error as Error).message };
	}
}

/** Folders that an earlier run filled, the newest version first. */
function earlier(): string[] {
	if (!existsSync(cacheFolder())) return [];
	const versions = readdirSync(cacheFolder()).flatMap((name) => /^pulumi-(\d+\.\d+\.\d+)$/.exec(name)?.[1] ?? []);
	return semver
		.rsort(versions)
		.filter((v) => semver.gte(v, minimum))
		.map((v) => join(cacheFolder(), `pulumi-${v}`));
}

/** The version of the CLI in a folder of ours that holds it and all its helpers. */
async function wholeVersion(folder: string): Promise<string | undefined> {
	if (!runs(join(folder, "pulumi")) || !runs(join(folder, "pulumi-language-nodejs"))) return undefined;
	// The launcher is a script of the SDK's package; elsewhere on PATH than beside the CLI, each run would warn about it.
	if (!runs(join(folder, launcher))) {
		const part = join(folder, `${launcher}.part-${process.pid}`);
		copyFileSync(join(dirname(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json")), launcher), part);
		chmodSync(part, 0o755);
		renameSync(part, join(folder, launcher));
	}
	return versionOf(folder);
}

async function versionOf(folder: string): Promise<string | undefined> {
	const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" };
	const ran = await run(join(folder, "pulumi"), ["version"], { env, seconds: 30 }).catch(() => undefined);
	return semver.clean(ran?.stdout ?? "") ?? undefined;
}

function runs(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return statSync(file).isFile();
	} catch {
		return false;
	}
}

if (import.meta.main) {
	try {
		const { folder, version, source } = await pulumiCli();
		say(`Pulumi CLI ${version}, ${source}: ${folder}`);
	} catch (error) {
		if (!(error instanceof Explained)) throw error;
		console.error(error.message);
		process.exitCode = 1;
	}
}
