// Loaded into every Node.js that a bench starts: writes each call that the engine makes to a provider, and each request that
// a provider makes, as a line into a file.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync } = require("node:fs");

const note = (what) => appendFileSync(process.env.DBCLUSTER_BENCH_CALLS, `${what}\n`);

subscribe("http2.server.stream.start", ({ headers }) => {
	const [, call] = /ResourceProvider\/(\w+)$/.exec(headers[":path"]) ?? [];
	if (call !== undefined) note(`engine ${call}`);
});
subscribe("http.client.request.start", ({ request }) => note(`request ${request.method} ${request.path}`));
