import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Whether a port of 127.0.0.1 can be listened on just now. */
export function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.once("error", () => resolve(false));
		probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
	});
}

/** The number of the process that listens on a port, where this user may know it. */
export function listener(port: number): number | undefined {
	try {
		return process.platform === "linux" ? listenerOnLinux(port) : listenerByLsof(port);
	} catch {
		return undefined;
	}
}

/** `port 8123 is used by another process (4711). Set local.port to a free one, or end that process.` */
export function portTaken(port: number): string {
	const pid = listener(port);
	const who = pid === undefined ? "another process" : `another process (${pid})`;
	return `port ${port} of 127.0.0.1 is used by ${who}. Set local.port to a free one, or end that process.`;
}

function listenerOnLinux(port: number): number | undefined {
	const wanted = port.toString(16).toUpperCase().padStart(4, "0");
	const inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) =>
		readFileSync(table, "latin1")
			.split("\n")
			.map((line) => line.trim().split(/\s+/))
			// Fields: number, local address, remote address, state (0A listens), ..., the tenth is the inode.
			.filter(([, local, , state]) => local?.endsWith(`:${wanted}`) && state === "0A")
			.map((fields) => `socket:[${fields[9]}]`),
	);
	const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
	const found = pids.find((pid) => openFiles(pid).some((target) => inodes.includes(target)));
	return found === undefined ? undefined : Number(found);
}

function openFiles(pid: string): string[] {
	try {
		return readdirSync(`/proc/${pid}/fd`).map((fd) => {
			try {
				return readlinkSync(`/proc/${pid}/fd/${fd}`);
			} catch {
				return "";
			}
		});
	} catch {
		return [];
	}
}

function listenerByLsof(port: number): number | undefined {
	const output = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], {
		encoding: "utf8",
		stdio: "pipe",
	});
	return Number(output.trim().split("\n")[0]) || undefined;
}
