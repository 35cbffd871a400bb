// Loaded into every Node.js that the CLI starts: writes each request to an API server as a line into a file.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync } = require("node:fs");

subscribe("http.client.request.start", ({ request }) => {
	if (!/^\/apis?\//.test(request.path)) return;
	appendFileSync(process.env.DBCLUSTER_TEST_CALLS, `${request.method} ${request.path}\n`);
});
