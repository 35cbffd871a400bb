import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Linux lists the machine's connections there, each with the number of its user (proc_pid_net(5)). */
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];

const own = new WeakMap<Socket, Promise<boolean>>();

/**
 * Whether a connection of this machine is of a program of the cluster's own user, or of root. Looked up once for each
 * connection; where the machine does not tell, every program counts as the user's own.
 */
export function isOwn(socket: Socket): Promise<boolean> {
	const asked = own.get(socket) ?? userOf(socket).then((user) => [undefined, 0, process.getuid?.()].includes(user));
	own.set(socket, asked);
	return asked;
}

async function userOf({ remotePort, localPort }: Socket): Promise<number | undefined> {
	const [from, to] = [remotePort, localPort].map((port) => port?.toString(16).toUpperCase().padStart(4, "0"));
	// The client's end of it, and after the addresses: state, queues, timer, retransmits, user.
	const line = new RegExp(String.raw`:${from} [0-9A-F]+:${to} \S+ \S+ \S+ \S+ +(\d+)`);
	for (const table of tables) {
		const user = line.exec(await readFile(table, "latin1").catch(() => ""))?.[1];
		if (user !== undefined) return Number(user);
	}
	return undefined;
}
