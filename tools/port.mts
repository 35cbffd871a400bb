import { createServer } from "node:net";

/** Those that were given to somebody who may not listen yet. */
const given = new Set<number>();

/** A port that nothing listens on, below those that the system gives to outgoing connections; never the same one again. */
export async function freePort(from = 20_000, count = 10_000): Promise<number> {
	for (;;) {
		const port = from + Math.floor(Math.random() * count);
		if (given.has(port) || !(await isFree(port))) continue;
		given.add(port);
		return port;
	}
}

function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer()
			.once("error", () => resolve(false))
			.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
	});
}
