import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { defaultLimits, isSafe, request } from "../../src/remote/http";
import { failure } from "./failure";
import { hangUp, TestServer } from "./server";

const limits = { ...defaultLimits, pause: 1 };
afterEach(() => vi.unstubAllEnvs());

test.each([
	["https://example.com/a", true],
	["http://127.0.0.1:5000/a", true],
	["http://127.9.9.9/a", true],
	["http://localhost/a", true],
	["http://[::1]:80/a", true],
	["http://example.com/a", false],
	["http://127.0.0.1.example.com/a", false],
	["http://localhost.example.com/a", false],
	["http://10.0.0.1/a", false],
	["ftp://127.0.0.1/a", false],
	["file:///etc/passwd", false],
])("%s may be asked: %s", (url, safe) => expect(isSafe(new URL(url))).toBe(safe));

test.each([429, 500, 502, 503, 504])("status %i is tried again", async (status) => {
	const server = await TestServer.open((_, response) => {
		response.statusCode = server.asked.length < 3 ? status : 200;
		response.end("done");
	});
	expect(await request(new URL(server.url), {}, limits)).toMatchObject({ status: 200, text: "done" });
	expect(server.asked).toHaveLength(3);
});

test("what stays in trouble is an answer after three tries; what is refused is not asked again", async () => {
	const server = await TestServer.open((incoming, response) => {
		response.statusCode = Number(incoming.url?.slice(1));
		response.end();
	});
	for (const [status, tries] of [
		[503, 3],
		[403, 1],
		[404, 1],
	] as const) {
		server.asked.length = 0;
		expect(await request(new URL(`/${status}`, server.url), {}, limits)).toMatchObject({ status });
		expect(server.asked).toHaveLength(tries);
	}
});

test("a server that asks for patience gets a little, and no more", async () => {
	const server = await TestServer.open((incoming, response) => {
		response.setHeader("retry-after", incoming.url === "/long" ? "3600" : new Date(Date.now() - 1000).toUTCString());
		response.statusCode = server.asked.length < 2 ? 429 : 200;
		response.end();
	});
	// It would wait for an hour otherwise.
	expect(await request(new URL("/long", server.url), {}, limits)).toMatchObject({ status: 429 });
	server.asked.length = 0;
	expect(await request(new URL("/short", server.url), {}, { ...limits, pause: 3_600_000 })).toMatchObject({
		status: 200,
	});
});

test("a connection that breaks is tried again, and then an error", async () => {
	const server = await TestServer.open((_, response) => {
		if (server.asked.length < 2) return hangUp(response);
		response.end("done");
	});
	expect(await request(new URL(server.url), {}, limits)).toMatchObject({ text: "done" });
	const dead = await TestServer.open((_, response) => hangUp(response));
	expect(await failure(request(new URL(dead.url), {}, limits))).toMatch(/^can't be reached: /);
	expect(dead.asked).toHaveLength(3);
});

test("nobody there is an error at once", async () => {
	const server = await TestServer.open((_, response) => response.end());
	await server.close();
	const waits = { ...limits, pause: 3_600_000 };
	expect(await failure(request(new URL(server.url), {}, waits))).toMatch(/^can't be reached: .*ECONNREFUSED/);
});

test("where a proxy is set that Node.js does not use by itself, the error says how it does", async () => {
	const server = await TestServer.open((_, response) => response.end());
	await server.close();
	const away = (protocol: string) => failure(request(new URL(server.url.replace(/^\w+/, protocol)), {}, limits));
	for (const name of ["HTTPS_PROXY", "https_proxy", "NODE_USE_ENV_PROXY", "NODE_OPTIONS"]) vi.stubEnv(name, undefined);
	expect(await away("https")).toMatch(/ECONNREFUSED 127\.0\.0\.1:\d+$/);
	for (const name of ["HTTPS_PROXY", "https_proxy"]) {
		vi.stubEnv(name, "http://proxy.example.com:3128");
		expect(await away("https")).toMatch(
			/ECONNREFUSED \S+ \(HTTPS_PROXY is set; Node\.js 22\.21, 24 or later uses it with NODE_USE_ENV_PROXY=1\)$/,
		);
		vi.stubEnv(name, undefined);
	}
	vi.stubEnv("HTTPS_PROXY", "http://proxy.example.com:3128");
	// Requests without TLS are for this machine only.
	expect(await away("http")).not.toContain("PROXY");
	for (const [name, value] of [
		["NODE_USE_ENV_PROXY", "1"],
		["NODE_OPTIONS", "--use-env-proxy"],
	] as const) {
		vi.stubEnv(name, value);
		expect(await away("https")).not.toContain("PROXY");
		vi.stubEnv(name, undefined);
	}
	// A firewall.
	const silent = createServer();
	await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
	const { port } = silent.address() as AddressInfo;
	const wait = { ...limits, milliseconds: 100 };
	expect(await failure(request(new URL(`https://127.0.0.1:${port}`), {}, wait))).toMatch(
		/^does not respond within 0\.1 seconds \(HTTPS_PROXY is set; /,
	);
	silent.close();
});

test("a server that never answers, or never ends, is left", async () => {
	const server = await TestServer.open((incoming, response) => {
		if (incoming.url === "/drip") response.write("a");
	});
	for (const path of ["/silent", "/drip"]) {
		const said = await failure(request(new URL(path, server.url), {}, { ...limits, milliseconds: 100 }));
		expect(said).toBe("does not respond within 0.1 seconds");
	}
	// Once each, if it got there at all on a machine that is busy.
	expect(server.asked.length).toBeLessThanOrEqual(2);
});

test("a body without bounds is left, whether it says its size or not", async () => {
	const chunk = "x".repeat(1000);
	const server = await TestServer.open((incoming, response) => {
		if (incoming.url === "/honest") return response.end(chunk.repeat(11));
		const more = () => response.destroyed || response.write(chunk, () => setImmediate(more));
		more();
	});
	for (const path of ["/honest", "/endless"]) {
		const said = await failure(request(new URL(path, server.url), {}, { ...limits, bytes: 10_000 }));
		expect(said).toBe("sends more than 10,000 bytes");
	}
	expect(server.asked).toHaveLength(2);
});

test("a redirect is followed, its target gets no credentials of another's, and none leads to where others can read", async () => {
	let seen: string | undefined = "nothing";
	const other = await TestServer.open((incoming, response) => {
		seen = incoming.headers.authorization;
		response.end("there");
	});
	const server = await TestServer.open((incoming, response) => {
		if (incoming.url === "/same") return response.end(incoming.headers.authorization);
		const to = { "/a": `${other.url}/b`, "/own": "/same", "/open": "http://example.com/" }[incoming.url ?? ""];
		response.writeHead(302, { location: to ?? "/loop" });
		response.end();
	});
	const ask = (path: string) =>
		request(new URL(path, server.url), { headers: { authorization: "Bearer secret" } }, limits);
	expect(await ask("/a")).toMatchObject({ status: 200, text: "there" });
	expect(seen).toBeUndefined();
	expect(await ask("/own")).toMatchObject({ text: "Bearer secret" });
	expect(await failure(ask("/open"))).toBe("redirects to example.com without https, which is not allowed");
	expect(await failure(ask("/loop"))).toBe("redirects too often");
});
