import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalPlace } from "./place";

describe("the endpoint", () => {
	let place: LocalPlace;
	beforeAll(async () => {
		place = await LocalPlace.open();
		await place.started();
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
	});
	afterAll(() => place?.close());

	const get = async (path: string, init: RequestInit = {}) => {
		const answer = await fetch(`${place.url}${path}`, init);
		return { status: answer.status, text: await answer.text(), headers: answer.headers };
	};

	it("answers health checks as ClickHouse does", async () => {
		expect(await get("/ping")).toMatchObject({ status: 200, text: "Ok.\n" });
		expect(await get("/")).toMatchObject({ status: 200, text: "Ok.\n" });
		expect(await get("/replicas_status")).toMatchObject({ status: 200, text: "Ok.\n" });
		expect((await get("/ping", { method: "HEAD" })).status).toBe(200);
	});

	it("does not know other paths, as ClickHouse says it", async () => {
		const { status, text } = await get("/nowhere");
		expect(status).toBe(404);
		expect(text).toContain("There is no handle /nowhere");
	});

	it("answers a query in the URL, in the body, and in both", async () => {
		expect(await get(`/?query=${encodeURIComponent("SELECT 1 + 1")}`)).toMatchObject({ status: 200, text: "2\n" });
		expect(await place.sql("SELECT 1 + 2")).toBe("3");
		expect(await place.sql("+ 3", { query: "SELECT 1" })).toBe("4");
		expect(await place.sql("SELECT {x: UInt8}", { param_x: "5" })).toBe("5");
		expect((await get("/?query=SELECT+1", { method: "HEAD" })).text).toBe("");
	});

	it("names format and query, and takes the client's own query_id", async () => {
		const { headers } = await get("/?query=SELECT+1+FORMAT+JSON&query_id=mine");
		expect(headers.get("x-clickhouse-query-id")).toBe("mine");
		expect(headers.get("content-type")).toContain("application/json");
		expect(headers.get("x-clickhouse-format")).toBe("JSON");
		expect((await get("/?query=SELECT+1")).headers.get("x-clickhouse-query-id")).toMatch(/^[0-9a-f-]{36}$/);
	});

	it("takes the database and the format from headers", async () => {
		const headers = { "X-ClickHouse-Database": "system", "X-ClickHouse-Format": "JSONEachRow" };
		const { text } = await get("/?query=SELECT+currentDatabase()+AS+d", { headers });
		expect(JSON.parse(text)).toEqual({ d: "system" });
	});

	it("asks for no user and no password, and takes any", async () => {
		const headers = { "X-ClickHouse-User": "default", "X-ClickHouse-Key": "whatever" };
		expect((await get("/?query=SELECT+1&user=default&password=", { headers })).text).toBe("1\n");
		const Authorization = `Basic ${Buffer.from("default:").toString("base64")}`;
		expect((await get("/?query=SELECT+1", { headers: { Authorization } })).text).toBe("1\n");
	});

	it("has its replicas answer in turn", async () => {
		const names: unknown[] = [];
		for (let n = 0; n < 4; n++)
			names.push((await get("/?query=SELECT+1")).headers.get("x-clickhouse-server-display-name"));
		expect(new Set(names)).toEqual(new Set(["c-0-0", "c-0-1"]));
		expect(names.slice(0, 2)).toEqual(names.slice(2));
	});

	it("refuses a write by GET", async () => {
		const { status, text, headers } = await get(`/?query=${encodeURIComponent("INSERT INTO t VALUES (1)")}`);
		expect(status).toBe(500);
		expect(headers.get("x-clickhouse-exception-code")).toBe("164");
		expect(text).toContain("(READONLY)");
		expect(await place.sql("SELECT count() FROM t")).toBe("0");
	});

	it("unpacks a body and packs an answer", async () => {
		const body = gzipSync("SELECT sum(number) FROM numbers(10)");
		expect(await get("/", { method: "POST", body, headers: { "Content-Encoding": "gzip" } })).toMatchObject({
			text: "45\n",
		});
		const packed = await get("/?query=SELECT+1&enable_http_compression=1", { headers: { "Accept-Encoding": "gzip" } });
		expect(packed.headers.get("content-encoding")).toBe("gzip");
		expect(packed.text).toBe("1\n");
		expect(
			(await get("/?query=SELECT+1", { headers: { "Accept-Encoding": "gzip" } })).headers.get("content-encoding"),
		).toBe(null);
		const broken = await get("/", { method: "POST", body: "not packed", headers: { "Content-Encoding": "gzip" } });
		expect(broken.status).toBe(400);
		expect((await get("/", { method: "POST", body: "x", headers: { "Content-Encoding": "snappy" } })).status).toBe(501);
	});

	it("takes a body in chunks, with the rows of an insert after its statement", async () => {
		const done = await new Promise<number>((resolve, reject) => {
			const path = `/?query=${encodeURIComponent("INSERT INTO t FORMAT TSV")}`;
			const sent = request(
				`${place.url}${path}`,
				{ method: "POST", headers: { "Transfer-Encoding": "chunked" } },
				(answer) => {
					answer.resume();
					resolve(answer.statusCode ?? 0);
				},
			);
			sent.on("error", reject);
			for (let id = 0; id < 1000; id += 10) sent.write(`${Array.from({ length: 10 }, (_, n) => id + n).join("\n")}\n`);
			sent.end();
		});
		expect(done).toBe(200);
		for (const _ of [1, 2]) expect(await place.sql("SELECT count() FROM t")).toBe("1000");
	});

	it("refuses what would leave the replicas different, and what it does not do, in words", async () => {
		const random = await get("/", { method: "POST", body: "INSERT INTO t SELECT rand64()" });
		expect(random.status).toBe(400);
		expect(random.text).toMatch(/^Code: \d+\. DB::Exception: .*rand/);
		const session = await get("/?query=SELECT+1&session_id=s");
		expect(session.status).toBe(501);
		expect(session.text).toContain("session_id");
		expect((await get("/?query=SELECT+1&compress=1")).status).toBe(501);
		expect((await get("/?query=SELECT+1", { method: "DELETE" })).status).toBe(501);
	});

	it("reads no files", async () => {
		const { status, text } = await get("/", { method: "POST", body: "SELECT * FROM file('rows.csv')" });
		expect(status).toBe(400);
		expect(text).toContain("file() reads from outside the cluster");
		expect((await get(`/?query=${encodeURIComponent('SELECT * FROM "rows.csv"')}`)).text).toContain("UNKNOWN_TABLE");
	});

	it("answers programs, not web pages", async () => {
		const { port } = new URL(place.url);
		const asked = (headers: Record<string, string>) =>
			new Promise<[status?: number, text?: string]>((resolve, reject) => {
				const sent = request(`${place.url}/?query=SELECT+1`, { method: "POST", headers }, async (answer) =>
					resolve([answer.statusCode, await text(answer)]),
				);
				sent.on("error", reject).end();
			});
		for (const Host of [`localhost:${port}`, `127.0.0.1:${port}`, "LOCALHOST", "127.0.0.1"])
			expect(await asked({ Host })).toEqual([200, "1\n"]);
		for (const Host of [`example.org:${port}`, "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1"])
			expect(await asked({ Host })).toEqual([
				403,
				expect.stringContaining(`The Host of this request is ${Host}. Only 127`),
			]);
		for (const Origin of ["https://example.org", "null", place.url])
			expect(await asked({ Origin })).toEqual([403, expect.stringContaining(`this one from ${Origin}. Query`)]);
	});

	it.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
		"answers no program of another user, where the machine tells (only root may start one here)",
		async () => {
			const { port } = new URL(place.url);
			const asked = async (uid: number) => {
				const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET /ping HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
				return (await promisify(execFile)("bash", ["-c", script], { uid, cwd: "/" })).stdout;
			};
			expect(await asked(0)).toContain("Ok.");
			const refused = await asked(65534);
			expect(refused).toContain("403 Forbidden");
			expect(refused).toContain("this request is from another user");
		},
	);

	it("takes long statements in the URL", async () => {
		const text = "x".repeat(100_000);
		expect((await get(`/?query=SELECT+length('${text}')`)).text).toBe("100000\n");
	});

	it("listens on the loopback alone, and its sockets lie where only this user may go", async () => {
		const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
		const lines = tables.flatMap((table) => readFileSync(table, "latin1").split("\n").slice(1));
		const port = Number(new URL(place.url).port).toString(16).toUpperCase().padStart(4, "0");
		const listening = lines
			.map((line) => line.trim().split(/\s+/))
			.filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${port}`));
		expect(listening.map(([, local]) => local)).toEqual([`0100007F:${port}`]);
		const pids = Object.values(place.processes()).map(({ pid }) => pid);
		expect(pids).toHaveLength(3);
		const inodes = new Set(pids.flatMap((pid) => readdirSync(`/proc/${pid}/fd`).flatMap((fd) => inodeOf(pid, fd))));
		const tcp = lines
			.map((line) => line.trim().split(/\s+/))
			.filter((fields) => fields[3] === "0A" && inodes.has(fields[9] ?? ""));
		expect(tcp).toHaveLength(1);
	});

	it("outlives a client that goes away in the middle", async () => {
		const { port } = new URL(place.url);
		await new Promise<void>((resolve) => {
			const socket = connect(Number(port), "127.0.0.1", () => {
				socket.write(
					"POST /?query=INSERT+INTO+t+FORMAT+TSV HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n7\n",
					() => {
						socket.destroy();
						resolve();
					},
				);
			});
		});
		expect(await place.sql("SELECT count() FROM t WHERE id = 7")).toBe("1");
	});
});

function inodeOf(pid: number, fd: string): string[] {
	try {
		const found = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
		return found?.[1] === undefined ? [] : [found[1]];
	} catch {
		return [];
	}
}
