import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QueryError } from "../../../src/platforms/local/answers";
import type { Fleet } from "../../../src/platforms/local/fleet";
import { paths } from "../../../src/platforms/local/home";
import { LogReader } from "../../../src/platforms/local/log-reader";
import { WriteLog } from "../../../src/platforms/local/write-log";
import { Writes } from "../../../src/platforms/local/writes";

/** How a replica answers a write: with success, with an error of this code, or by ending. */
type Fate = "done" | number | "dies";

describe("writes", () => {
	let home: string;
	let log: WriteLog;
	let writes: Writes;
	let fates: Fate[];
	let out: number[];
	let applied: string[];
	let doubted: string[];
	const servers: Server[] = [];

	beforeEach(async () => {
		home = mkdtempSync(join(tmpdir(), "dbcluster-"));
		[fates, out, applied, doubted] = [["done", "done"], [], [], []];
		log = WriteLog.open(join(home, "log"));
		const routes = await Promise.all([0, 1].map(replica));
		const fleet = {
			cluster: { replicas: 2 },
			store: { folder: home },
			routes: () => routes.filter((_, ordinal) => !out.includes(ordinal)),
			missing: () => out.map((ordinal) => `db-0-${ordinal} is starting`),
			count: () => () => {},
		};
		writes = new Writes(fleet as unknown as Fleet, log);
	});
	afterEach(async () => {
		for (const server of servers.splice(0)) server.close();
		await log.close();
		rmSync(home, { recursive: true });
	});

	async function replica(ordinal: number) {
		const name = `0-${ordinal}`;
		const socket = join(home, `${name}.sock`);
		mkdirSync(join(home, name));
		const server = createServer((request, response) => {
			applied.push(`${name} ${request.url}`);
			const fate = fates[ordinal];
			if (fate === "dies") response.destroy();
			else if (typeof fate === "number")
				response.writeHead(500, { "X-ClickHouse-Exception-Code": fate }).end(`error ${fate}`);
			else response.end("");
		});
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(socket, resolve));
		return { replica: name, socket, keeper: { doubt: () => doubted.push(name) } };
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
			(error: unknown) => error as QueryError,
		);
	const heldOut = (name: string) => existsSync(paths.heldOut(home, name));

	it("go into the log and to every replica, one after the other", async () => {
		await Promise.all([write("INSERT 1"), write("INSERT 2")]);
		expect(applied.map((line) => line.slice(4)).sort()).toEqual([
			"/apply?n=1",
			"/apply?n=1",
			"/apply?n=2",
			"/apply?n=2",
		]);
		expect(applied.slice(0, 2).every((line) => line.endsWith("n=1"))).toBe(true);
		const reader = new LogReader(join(home, "log"), 1);
		expect([reader.next(), reader.next()].map((entry) => entry?.params)).toEqual(["query=INSERT+1", "query=INSERT+2"]);
		reader.close();
		expect(doubted).toEqual([]);
	});

	it("are refused while a replica is out, saying which, and nothing is logged", async () => {
		out = [1];
		const error = await refusal("INSERT 1");
		expect(error).toBeInstanceOf(QueryError);
		expect(error).toMatchObject({ status: 503, type: "TABLE_IS_READ_ONLY", retryAfter: 1 });
		expect(error?.message).toContain("db-0-1 is starting");
		expect(log.last).toBe(0);
		expect(applied).toEqual([]);
	});

	it("are acknowledged when one replica has them and the other, which died, has the log", async () => {
		fates = ["dies", "done"];
		expect(await write("INSERT 1")).toMatchObject({ status: 200 });
		expect(doubted).toEqual(["0-0"]);
		expect(heldOut("0-0")).toBe(false);
	});

	it("are not acknowledged when every replica died, though they may come to hold", async () => {
		fates = ["dies", "dies"];
		expect(await refusal("INSERT 1")).toMatchObject({ status: 503 });
		expect(doubted.sort()).toEqual(["0-0", "0-1"]);
		fates = ["done", "done"];
		await write("INSERT 2");
		expect(log.last).toBe(2);
	});

	it("that fail on every replica are the client's error, whatever each engine calls it", async () => {
		fates = [60, 47];
		expect(await write("INSERT 1")).toMatchObject({ status: 500, code: 60 });
		expect([heldOut("0-0"), heldOut("0-1"), doubted]).toEqual([false, false, []]);
	});

	it("that fail on one replica alone hold it out for good, with words for a person", async () => {
		fates = [243, "done"];
		expect(await write("INSERT 1")).toMatchObject({ status: 200 });
		expect([heldOut("0-0"), heldOut("0-1")]).toEqual([true, false]);
		expect(readFileSync(paths.heldOut(home, "0-0"), "utf8")).toMatch(/since write 1, .*error 243/);
		expect(doubted).toEqual(["0-0"]);
	});
});
