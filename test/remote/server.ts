import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach } from "vitest";

type Handler = (request: IncomingMessage & { readonly body: string }, response: ServerResponse) => void;

/** An HTTP server of this machine that counts what it is asked. */
export class TestServer {
	/** `GET /v2/db/tags/list?n=1000`, in order. */
	readonly asked: string[] = [];

	private constructor(
		private readonly server: Server,
		readonly host: string,
	) {}

	get url(): string {
		return `http://${this.host}`;
	}

	static async open(handler: Handler): Promise<TestServer> {
		let asked: string[] = [];
		const server = createServer(async (request, response) => {
			asked.push(`${request.method} ${request.url}`);
			let body = "";
			for await (const chunk of request) body += chunk;
			handler(Object.assign(request, { body }), response);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const opened = new TestServer(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
		asked = opened.asked;
		open.add(opened);
		return opened;
	}

	async close(): Promise<void> {
		open.delete(this);
		this.server.closeAllConnections();
		await new Promise<void>((resolve) => this.server.close(() => resolve()));
	}
}

const open = new Set<TestServer>();
afterEach(async () => {
	for (const server of open) await server.close();
});

/** Breaks a connection off as a server does that dies. */
export function hangUp(response: ServerResponse): void {
	(response.socket as Socket).resetAndDestroy();
}
