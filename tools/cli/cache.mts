import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where things that are dear to make are kept between runs: $XDG_CACHE_HOME/pulumi-dbcluster, ~/.cache by default. */
export function cacheFolder(): string {
	const base = process.env.XDG_CACHE_HOME;
	return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "pulumi-dbcluster");
}

/** A holder touches its lock this often; one that was not touched for `staleSeconds` belongs to a dead process. */
const touchSeconds = 2;
const staleSeconds = 20;

/**
 * Makes the folder `name` of the cache: `make` fills a folder beside it, which is then renamed into place, so that a
 * killed build leaves nothing that looks whole. Of two processes at once the second waits for the first.
 *
 * @param good Whether the folder, once in place, is what was wanted.
 * @param onWait Called once when another process is at it already.
 */
export async function cached(
	name: string,
	good: (folder: string) => Promise<boolean>,
	make: (folder: string) => Promise<void>,
	onWait: () => void,
): Promise<string> {
	const cache = cacheFolder();
	const folder = join(cache, name);
	if (await good(folder)) return folder;
	mkdirSync(cache, { recursive: true });
	const lock = join(cache, `${name}.lock`);
	for (let waited = false; !takeLock(lock); waited = true) {
		if (!waited) onWait();
		await sleep(500);
	}
	const touch = setInterval(() => utimesSync(lock, new Date(), new Date()), touchSeconds * 1000);
	const removeLock = () => rmSync(lock, { force: true });
	process.once("exit", removeLock);
	try {
		if (await good(folder)) return folder;
		for (const left of readdirSync(cache).filter((entry) => entry.startsWith(`${name}.part-`)))
			rmSync(join(cache, left), { recursive: true, force: true });
		const part = join(cache, `${name}.part-${process.pid}`);
		mkdirSync(part);
		try {
			await make(part);
			rmSync(folder, { recursive: true, force: true });
			renameSync(part, folder);
		} finally {
			rmSync(part, { recursive: true, force: true });
		}
		return folder;
	} finally {
		clearInterval(touch);
		process.removeListener("exit", removeLock);
		removeLock();
	}
}

function takeLock(lock: string): boolean {
	try {
		closeSync(openSync(lock, "wx"));
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
	}
	const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
	if (age > staleSeconds * 1000) rmSync(lock, { force: true });
	return false;
}
