import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../control/errors";
import { ensureRouter, ownEntries, paths, replicaProcess, routerProcess } from "./home";
import { reloadRouter } from "./orders";
import type { ProcessId } from "./process-id";
import { lastWords, stopProcess } from "./processes";
import { type LocalCluster, type RecordFile, replicaFolders } from "./record";
import { folderError } from "./store";

/** How long a router may take to begin, and a cluster's processes to end, before that is an error. */
const routerSeconds = 30;
const endSeconds = 60;

/** Has a router carry out what the record says now; starts one where none runs. Does not wait for the replicas. */
export async function carryOut(home: string, cluster: LocalCluster | undefined): Promise<void> {
	const deadline = performance.now() + routerSeconds * 1000;
	while (cluster !== undefined && !(await reloadRouter(home))) {
		if (cluster.desired !== "Started" && running(home, cluster.replicas).length === 0) return;
		if (performance.now() > deadline) {
			const words = lastWords(paths.routerLog(home));
			const said = words === "" ? "" : `; its last words: ${JSON.stringify(words)}`;
			throw new PlatformError(`the router of ${cluster.name} did not start within ${routerSeconds} seconds${said}.`);
		}
		try {
			ensureRouter(home);
		} catch (error) {
			throw folderError(error, home);
		}
		await sleep(50);
	}
}

/** Waits until all processes of a stopped cluster have ended; ends them where they do not. */
export async function ended(home: string, replicas: number): Promise<void> {
	const deadline = performance.now() + endSeconds * 1000;
	for (let left = running(home, replicas); left.length > 0; left = running(home, replicas)) {
		if (performance.now() > deadline) for (const id of left) await stopProcess(id, 1);
		await sleep(20);
	}
}

/** Removes what the cluster's own processes made, and nothing else. */
export function removeCluster(home: string, file: RecordFile | undefined): void {
	try {
		const replicas = file?.cluster?.replicas ?? file?.retained?.replicas ?? 0;
		const own = readdirSync(home).filter((entry) => entry.startsWith("cluster."));
		for (const entry of [...replicaFolders(replicas), ...ownEntries, ...own]) {
			rmSync(join(home, entry), { recursive: true, force: true });
		}
		if (readdirSync(home).length === 0) rmdirSync(home);
	} catch (error) {
		if (existsSync(home)) throw folderError(error, home);
	}
}

function running(home: string, replicas: number): ProcessId[] {
	const all = [routerProcess(home), ...replicaFolders(replicas).map((folder) => replicaProcess(home, folder))];
	return all.filter((id) => id !== undefined);
}
