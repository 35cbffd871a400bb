import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClickHouseError } from "../../../src/platforms/local/answers";
import type { Fleet } from "../../../src/platforms/local/fleet";
import { numberHeader } from "../../../src/platforms/local/replica-client";
import type { Supervisor } from "../../../src/platforms/local/supervisor";
import { Writes } from "../../../src/platforms/local/to-replicas";

/** How a replica answers a write: with success, with an error of this code, in the middle for one of its own, or by ending. */
type Fate = "done" | number | { readonly brokeOff: number } | "dies";

describe("writes", () => {
	let home: string;
	let writes: Writes;
	let fates: Fate[];
	let out: number[];
	let taken: string[];
	let last: number;
	const servers: Server[] = [];

	beforeEach(async () => {
		home = mkdtempSync(join(tmpdir(), "dbcluster-"));
		[fates, out, taken, last] = [["done", "done"], [], [], 0];
		const routes = await Promise.all([0, 1].map(replica));
		const fleet = {
			writeToAll: async (send: (n: number, all: readonly Supervisor[]) => Promise<unknown>) =>
				out.length > 0 ? undefined : send(++last, routes as unknown as Supervisor[]),
			missing: () => out.map((ordinal) => `db-0-${ordinal} is starting`),
		};
		writes = new Writes(fleet as unknown as Fleet);
	});
	afterEach(() => {
		for (const server of servers.splice(0)) server.close();
		rmSync(home, { recursive: true });
	});

	async function replica(ordinal: number) {
		const name = `0-${ordinal}`;
		const socket = join(home, `${name}.sock`);
		mkdirSync(join(home, name));
		const server = createServer((request, response) => {
			taken.push(`${name} ${request.headers[numberHeader]} ${request.url}`);
			const fate = fates[ordinal];
			const error = (status: number, code: number) =>
				response.writeHead(status, { "X-ClickHouse-Exception-Code": code }).end(`error ${code}`);
			if (fate === "dies") response.destroy();
			else if (typeof fate === "number") error(500, fate);
			else if (typeof fate === "object") error(503, fate.brokeOff);
			else response.end("");
		});
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(socket, resolve));
		return { replica: name, socket };
	}

	const write = (sql: string) =>
		writes.write({
			params: new URLSearchParams({ query: sql }),
			body: Buffer.alloc(0),
			readonly: false,
			encoding: undefined,
		});
	const refusal = (sql: string) =>
		write(sql).then(
			() => undefined,
			(error: unknown) => error as ClickHouseError,
		);

	it("go to every replica, one after the other", async () => {
		await Promise.all([write("INSERT 1"), write("INSERT 2")]);
		expect(taken.slice(0, 2).sort()).toEqual(["0-0 1 /write?query=INSERT+1", "0-1 1 /write?query=INSERT+1"]);
		expect(taken.slice(2).sort()).toEqual(["0-0 2 /write?query=INSERT+2", "0-1 2 /write?query=INSERT+2"]);
	});

	it("are refused while a replica is out, saying which, and go to none", async () => {
		out = [1];
		const error = await refusal("INSERT 1");
		expect(error).toBeInstanceOf(ClickHouseError);
		expect(error).toMatchObject({ status: 503, type: "TABLE_IS_READ_ONLY" });
		expect(error?.message).toContain("db-0-1 is starting");
		expect(taken).toEqual([]);
	});

	it("are acknowledged when one replica has them, whatever became of the other", async () => {
		for (const fate of ["dies", 60, { brokeOff: 243 }] as const) {
			fates = [fate, "done"];
			expect(await write("INSERT 1")).toMatchObject({ status: 200 });
		}
	});

	it("are not acknowledged when every replica died, though they may be there in part", async () => {
		fates = ["dies", "dies"];
		expect(await refusal("INSERT 1")).toMatchObject({ status: 503 });
		fates = ["done", "done"];
		expect(await write("INSERT 2")).toMatchObject({ status: 200 });
	});

	it("that fail on every replica are the client's error, whatever each engine calls it", async () => {
		fates = [60, 47];
		expect(await write("INSERT 1")).toMatchObject({ status: 500, code: 60 });
		fates = [{ brokeOff: 241 }, 47];
		expect(await write("INSERT 1")).toMatchObject({ status: 500, code: 47 });
		fates = [{ brokeOff: 243 }, "dies"];
		expect(await write("INSERT 1")).toMatchObject({ status: 503, code: 243 });
	});
});
