import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sendWrite } from "../../../src/platforms/local/replica-client";

describe("a write that a replica is to run", () => {
	let folder: string;
	let server: Server;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "dbcluster-"));
	});
	afterEach(() => {
		server.close();
		rmSync(folder, { recursive: true, force: true });
	});

	const answering = (listener: RequestListener) =>
		new Promise<string>((resolve) => {
			const socket = join(folder, "s");
			server = createServer(listener).listen(socket, () => resolve(socket));
		});

	it("has no answer from a replica that is stopping: it has not refused the write", async () => {
		const socket = await answering((_, response) => response.writeHead(503).end("stopping\n"));
		await expect(sendWrite(socket, 1, "", Buffer.alloc(0))).rejects.toThrow(
			"the replica does not accept writes: stopping",
		);
	});

	it("has the engine's answer, also where that is an error with the same status", async () => {
		const socket = await answering((_, response) =>
			response.writeHead(503, { "X-ClickHouse-Exception-Code": "242" }).end("Code: 242."),
		);
		expect(await sendWrite(socket, 1, "", Buffer.alloc(0))).toMatchObject({ status: 503, code: 242 });
	});
});
