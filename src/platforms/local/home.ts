import { createHash } from "node:crypto";
import { existsSync, lstatSync, watch } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../../control/errors";
import { ensureFolder, readIfThere } from "./files";
import { type Lock, lockHolder } from "./lock";
import { spawnDetached } from "./processes";

/** Where the processes of one cluster keep what only they need, in the cluster's folder. */
export const paths = {
	/** Held by the one router, from its start to its end. */
	routerLock: (home: string) => join(home, "router.lock"),
	/** What the router, or a replica's process, prints. */
	log: (home: string, which: string) => join(home, "logs", `${which}.log`),
	/** Names the folder of the cluster's sockets; written by the router. */
	sockets: (home: string) => join(home, "sockets"),
	/** Held by the one process of a replica, from before it opens the data to its end. */
	replicaLock: (home: string, replica: string) => join(home, replica, "lock"),
	/** The number of the restart that the replica's process was started for. */
	replicaRun: (home: string, replica: string) => join(home, replica, "run"),
};

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
	ensureFolder(path);
	// Not through a link, which somebody else may have put there.
	const { uid, mode } = lstatSync(path);
	if (uid === userInfo().uid && (mode & 0o077) === 0) return path;
	throw new PlatformError(
		`${path} is accessible to other users, and the cluster's sockets would be in it. Remove it, or restrict it to this user.`,
	);
}

export const routerProcess = (home: string) => lockHolder(paths.routerLock(home));
export const replicaProcess = (home: string, replica: string) => lockHolder(paths.replicaLock(home, replica));

/** Where the router or a replica listens while it runs; `undefined` before the cluster's first router does. */
export function socketPath(home: string, which: string): string | undefined {
	const folder = readIfThere(paths.sockets(home));
	return folder ? join(folder, `${which}.sock`) : undefined;
}

/** Starts the router unless one runs. Of several that are started at once all but one end by themselves. */
export function ensureRouter(home: string): void {
	if (routerProcess(home) !== undefined) return;
	spawnDetached({ program: "router", argument: home, home, log: paths.log(home, "router") });
}

/**
 * Called in each replica's process: brings back a router that was killed, so that the cluster repairs itself, and ends
 * the process when its folder is gone, or the cluster's record.
 */
export function watchCluster(home: string, replica: string, lock: Lock): void {
	const hadRecord = existsSync(recordOf(home));
	const look = () => {
		// Without a farewell: an engine that is closed writes, and makes folders anew for that.
		if (!lock.isHeld()) process.kill(process.pid, "SIGKILL");
		if (hadRecord && !existsSync(recordOf(home))) process.kill(process.pid, "SIGTERM");
	};
	setInterval(look, shortestWatch).unref();
	try {
		// Earlier, where the system tells of it: a merge between two looks would bring folders back, too.
		watch(join(home, replica), { persistent: false }, look).on("error", () => {});
	} catch {
		// The system watches too many files already.
	}
	watchRouter(home);
}

/** @param isRemoved Whether there was no lock of a router at the last look, not even of a dead one. */
function watchRouter(home: string, wait = shortestWatch, isRemoved = false): void {
	const look = () => {
		// Without a record there is nothing to route.
		const runs = routerProcess(home) !== undefined || !existsSync(recordOf(home));
		const hasLock = lstatSync(paths.routerLock(home), { throwIfNoEntry: false }) !== undefined;
		try {
			// A lock that was removed may be but the first of all files to be: by the next look the record is gone, too.
			if (!runs && (hasLock || isRemoved)) ensureRouter(home);
		} catch {
			// The next turn tries again; the replica keeps running whatever becomes of its router.
		}
		// One that ends again and again is tried ever more rarely.
		watchRouter(home, runs ? shortestWatch : Math.min(wait * 2, 60_000), !hasLock);
	};
	setTimeout(look, wait).unref();
}

const recordOf = (home: string) => join(home, "cluster.json");
const shortestWatch = 300;
