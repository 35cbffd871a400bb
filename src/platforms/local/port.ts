import { createServer } from "node:net";

/** Whether a port of 127.0.0.1 can be listened on just now. */
export function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.once("error", () => resolve(false));
		probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
	});
}

export function portTaken(port: number): string {
	return `port ${port} of 127.0.0.1 is used by another process. Set local.port to a free one, or end that process.`;
}
