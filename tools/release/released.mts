import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { root } from "../environment.mts";
import { breaks } from "./breaks.mts";

/** A folder per release with the plugins' schemas as it has them; written once. */
const folder = join(import.meta.dirname, "baseline");
const plugins = ["native", "component"] as const;
const present = (plugin: string) => readFileSync(join(root, "src/pulumi", plugin, "schema.json"), "utf8");

/** The newest release whose schemas are kept, other than one that is about to be published; undefined if there is none. */
export function lastRelease(published?: string): string | undefined {
	const kept = existsSync(folder) ? readdirSync(folder) : [];
	return semver.rsort(kept.filter((version) => version !== published))[0];
}

/** Keeps the present schemas as those of a release. */
export function keepSchemas(version: string): void {
	mkdirSync(join(folder, version), { recursive: true });
	for (const plugin of plugins) writeFileSync(join(folder, version, `${plugin}.json`), present(plugin));
}

/** What programs and SDKs made for a release lose with the present schemas, a sentence each. */
export function brokenSince(version: string): string[] {
	return plugins.flatMap((plugin) =>
		breaks(JSON.parse(readFileSync(join(folder, version, `${plugin}.json`), "utf8")), JSON.parse(present(plugin))),
	);
}
