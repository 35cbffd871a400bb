import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../../control/errors";
import { lockHolder } from "./lock";
import type { ProcessId } from "./process-id";
import { readJson, spawnDetached } from "./processes";

/** Where the processes of one cluster keep what only they need, in the cluster's folder. */
export const paths = {
	/** Held by the one router, from its start to its end. */
	routerLock: (home: string) => join(home, "router.lock"),
	routerLog: (home: string) => join(home, "logs", "router.log"),
	/** Where the router listens for those that change the cluster; written by it. */
	run: (home: string) => join(home, "run.json"),
	/** Held by the one process of a replica, from before it opens the data to its end. */
	replicaLock: (home: string, replica: string) => join(home, replica, "lock"),
	replicaLog: (home: string, replica: string) => join(home, "logs", `${replica}.log`),
	/** The number of the restart that the replica's process was started for. */
	replicaRun: (home: string, replica: string) => join(home, replica, "run"),
};

/** All that a cluster puts into its folder besides its replicas' folders and its record. */
export const ownEntries = ["logs", "run", "run.json", "router.lock"];

export interface RunFile {
	/** The Unix socket at which the router takes orders. */
	readonly control: string;
}

/** Unix sockets have short names: 103 bytes on macOS, 107 on Linux. */
const longestSocket = 100;

/** A folder for the cluster's sockets that only this user may enter: its own, or, where that has too long a name, one in the system's. */
export function socketFolder(home: string): string {
	const own = join(home, "run");
	if (Buffer.byteLength(join(own, "router.sock")) <= longestSocket) return privateFolder(own);
	const digest = createHash("sha256").update(home).digest("hex").slice(0, 12);
	return privateFolder(join(tmpdir(), `dbcluster-${userInfo().uid}-${digest}`));
}

function privateFolder(path: string): string {
	mkdirSync(path, { recursive: true, mode: 0o700 });
	// Not through a link, which somebody else may have put there.
	const { uid, mode } = lstatSync(path);
	if (uid === userInfo().uid && (mode & 0o077) === 0) return path;
	throw new PlatformError(
		`${path} can be entered by other users, and the cluster's sockets would lie in it. Remove it, or make it this user's alone.`,
	);
}

/** The router that runs now. */
export function routerProcess(home: string): ProcessId | undefined {
	return lockHolder(paths.routerLock(home));
}

/** A replica's process that runs now. */
export function replicaProcess(home: string, replica: string): ProcessId | undefined {
	return lockHolder(paths.replicaLock(home, replica));
}

/** The socket of the router that runs now; `undefined` while none does, or none yet listens. */
export function routerSocket(home: string): string | undefined {
	return routerProcess(home) && readJson<RunFile>(paths.run(home))?.control;
}

/** Starts the router unless one runs. Of several that are started at once all but one end by themselves. */
export function ensureRouter(home: string): void {
	if (routerProcess(home) !== undefined) return;
	mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
	spawnDetached({ program: "router", argument: home, home, log: paths.routerLog(home) });
}

/**
 * Called in each replica's process: brings back a router that was killed, so that the cluster mends itself, and ends the
 * process when the cluster's folder is gone.
 *
 * @returns Stops watching.
 */
export function watchRouter(home: string): () => void {
	let timer: NodeJS.Timeout | undefined;
	let wait = shortestWatch;
	const look = () => {
		if (!existsSync(home)) process.kill(process.pid, "SIGTERM");
		// Without a record there is nothing to route.
		const runs = routerProcess(home) !== undefined || !existsSync(join(home, "cluster.json"));
		// One that ends again and again is tried ever more rarely.
		wait = runs ? shortestWatch : Math.min(wait * 2, 60_000);
		try {
			if (!runs) ensureRouter(home);
		} catch {
			// The next turn tries again; the replica goes on whatever becomes of its router.
		}
		timer = setTimeout(look, wait).unref();
	};
	timer = setTimeout(look, shortestWatch).unref();
	return () => clearTimeout(timer);
}

const shortestWatch = 300;
