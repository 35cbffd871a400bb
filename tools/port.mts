import { createServer } from "node:net";

/** A port that nothing listens on, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = 10_000 + Math.floor(Math.random() * 10_000);
		const free = await new Promise<boolean>((resolve) => {
			const server = createServer()
				.once("error", () => resolve(false))
				.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
		});
		if (free) return port;
	}
}
