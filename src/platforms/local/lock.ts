import { randomBytes } from "node:crypto";
import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "../../control/errors";
import { isAlive, ownProcessId, type ProcessId } from "./process-id";

export interface Lock {
	release(): void;
	/** Whether it is still there. Nothing of ours removes a living holder's: then its folder was removed. */
	isHeld(): boolean;
}

/**
 * Takes a lock, which this process then holds until it releases it or ends, however it ends; or says who holds it.
 *
 * The lock is a symbolic link whose text names its holder: made in one step together with that text, so that a process
 * killed at any moment leaves nothing half-written. The lock of a dead process is broken under a lock of its own, named
 * after the very link it breaks, so that of several that see it only one removes it, and never a newer one.
 */
export function tryLock(path: string): Lock | { readonly holder: ProcessId } {
	const own = ownProcessId();
	const text = `${own.pid}:${own.started}:${randomBytes(6).toString("hex")}`;
	for (;;) {
		try {
			symlinkSync(text, path);
			return { release: () => removeIf(path, text), isHeld: () => readLink(path) === text };
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		}
		const held = readLink(path);
		if (held === undefined) continue;
		const holder = parse(held);
		if (isAlive(holder)) return { holder };
		const breaking = tryLock(`${path}.${holder.nonce}`);
		if ("holder" in breaking) return breaking;
		removeIf(path, held);
		breaking.release();
	}
}

/** Who holds the lock just now; a dead process holds nothing. */
export function lockHolder(path: string): ProcessId | undefined {
	const held = readLink(path);
	if (held === undefined) return undefined;
	const { pid, started } = parse(held);
	return isAlive({ pid, started }) ? { pid, started } : undefined;
}

/** Does something under the lock; throws {@link PlatformError} when that was not free for so many seconds. */
export async function withLock<T>(path: string, seconds: number, action: () => T | Promise<T>): Promise<T> {
	const deadline = performance.now() + seconds * 1000;
	for (;;) {
		const tried = tryLock(path);
		if ("release" in tried) {
			try {
				return await action();
			} finally {
				tried.release();
			}
		}
		if (performance.now() > deadline)
			throw new PlatformError(
				`process ${tried.holder.pid} has held the lock ${path} for ${seconds} seconds. Check what it is doing, and end it if it hangs.`,
			);
		await sleep(5 + Math.random() * 20);
	}
}

function removeIf(path: string, text: string): void {
	if (readLink(path) === text) unlinkSync(path);
}

function readLink(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

function parse(text: string): ProcessId & { readonly nonce: string } {
	const [pid = "", started = "", nonce = "none"] = text.split(":");
	return { pid: Number(pid) || -1, started, nonce: nonce.replace(/\W/g, "") };
}
