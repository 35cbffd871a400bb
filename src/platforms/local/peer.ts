import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { userInfo } from "node:os";

/** Linux lists the machine's connections there, each with the number of its user (proc_pid_net(5)). */
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];

const users = new WeakMap<Socket, Promise<number | undefined>>();

/**
 * Whether a connection of this machine is of a program of the cluster's own user, or of root. Looked up once for each
 * connection; where the machine does not tell, every program counts as the user's own.
 */
export async function isOwn(socket: Socket): Promise<boolean> {
	const asked = users.get(socket) ?? userOf(socket);
	users.set(socket, asked);
	const user = await asked;
	return user === undefined || user === 0 || user === userInfo().uid;
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
