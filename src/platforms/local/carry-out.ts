import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../control/errors";
import { folderError, inFolder } from "./errors";
import type { RouterStatus } from "./fleet";
import { ensureRouter, paths, replicaProcess, routerProcess, socketPath } from "./home";
import { isFree, portTaken } from "./port";
import type { ProcessId } from "./process-id";
import { lastLines, stopProcess } from "./processes";
import { allFolders, type LocalCluster } from "./record";
import { askProcess } from "./replica-client";

/** How long a router may take to begin, and a cluster's processes to end, before that is an error. */
const routerSeconds = 30;
const endSeconds = 60;

/** Has the router read the record again, by which it routes once it has said how it is; `undefined` when none answers. */
export const askRouter = (home: string) => askProcess<RouterStatus>(socketPath(home, "router"), "/reload", 10_000);

/** Whether another process has the port. A router of the cluster that does not answer, being about to end, may still have it. */
export async function isTaken(home: string, port: number): Promise<boolean> {
	if (await isFree(port)) return false;
	const router = await askRouter(home);
	return router === undefined ? routerProcess(home) === undefined : router.port !== port;
}

/** Throws if another process has the port. */
export async function mustBeFree(home: string, name: string, port: number | undefined): Promise<void> {
	if (port === undefined || !(await isTaken(home, port))) return;
	throw new PlatformError(`the endpoint of ${name} can't be opened: ${portTaken(port)}`);
}

/** Has a router carry out what the record says now; starts one where none runs. Does not wait for the replicas. */
export async function carryOut(home: string, cluster: LocalCluster): Promise<void> {
	const deadline = performance.now() + routerSeconds * 1000;
	while ((await askRouter(home)) === undefined) {
		if (cluster.desired !== "Started" && running(home, cluster).length === 0) return;
		if (performance.now() > deadline) {
			const words = lastLines(paths.log(home, "router"));
			const said = words === "" ? "" : `; its last words: ${JSON.stringify(words)}`;
			throw new PlatformError(`the router of ${cluster.name} did not start within ${routerSeconds} seconds${said}.`);
		}
		inFolder(home, () => ensureRouter(home));
		await sleep(50);
	}
}

/** Waits until processes that were told to have ended; ends them where they do not. */
export async function untilEnded(find: () => ProcessId[]): Promise<void> {
	const deadline = performance.now() + endSeconds * 1000;
	for (let left = find(); left.length > 0; left = find()) {
		if (performance.now() > deadline) for (const id of left) await stopProcess(id, 1);
		await sleep(20);
	}
}

/** Removes the folder of a replica that is none of the cluster any more, once its process has ended. */
export async function removeReplica(home: string, folder: string): Promise<void> {
	await untilEnded(() => [replicaProcess(home, folder)].filter((id) => id !== undefined));
	await remove(home, folder);
}

/** Removes the replicas' folders, and that of a rehearsal that was killed. */
export async function removeData(home: string): Promise<void> {
	for (const folder of ownIn(home, /^(?:0-\d+|trial)$/)) await remove(home, folder);
}

/**
 * Removes what the cluster's own processes made, and nothing else: the record last, since without it the rest of what a
 * killed removal leaves would count as somebody else's.
 */
export async function removeCluster(home: string): Promise<void> {
	if (!existsSync(home)) return;
	await removeData(home);
	// The lock of a dead router is broken under locks that begin with its name.
	for (const kind of [/^(?:logs|run|sockets|router\.lock.*)$/, /^cluster\./])
		for (const entry of ownIn(home, kind))
			inFolder(home, () => rmSync(join(home, entry), { recursive: true, force: true }));
	inFolder(home, () => {
		if (readdirSync(home).length === 0) rmdirSync(home);
	});
}

const ownIn = (home: string, kind: RegExp) => inFolder(home, () => readdirSync(home).filter((name) => kind.test(name)));

/** Thousands of tables take minutes, and one process serves many clusters: their claims are extended meanwhile. */
async function remove(home: string, folder: string): Promise<void> {
	try {
		await rm(join(home, folder), { recursive: true, force: true });
	} catch (error) {
		throw folderError(error, home);
	}
}

export function running(home: string, cluster: LocalCluster): ProcessId[] {
	const all = [routerProcess(home), ...allFolders(cluster).map((folder) => replicaProcess(home, folder))];
	return all.filter((id) => id !== undefined);
}
