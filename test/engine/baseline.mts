import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./project.mts";
import type { Stack } from "./stack.mts";

/**
 * What a release wrote into users' states: one file a release, written once, before it, by
 * `DBCLUSTER_BASELINE=0.2.0 npx vitest run --project engine baseline`, and never changed afterwards.
 */
export const folder = join(import.meta.dirname, "baseline");

/** Puts what a release wrote in place of the resource that a stack has now. */
export async function applied(db: Stack, release: string): Promise<void> {
	const text = (await places(db)).reduce(
		(all, [here, name]) => all.replaceAll(name, here),
		readFileSync(join(folder, release), "utf8"),
	);
	await db.edit((resource) => Object.assign(resource, JSON.parse(text)));
}

/** What differs from one machine, and one cluster, to the next. */
export async function places(db: Stack): Promise<readonly (readonly [string, string])[]> {
	const { outputs } = await db.resource();
	return [
		[db.folder, "<folder>"],
		[root, "<root>"],
		[String(db.port), "<port>"],
		[String(outputs.generation), "<generation>"],
		[`${process.platform}-${process.arch}`, "<machine>"],
	];
}
