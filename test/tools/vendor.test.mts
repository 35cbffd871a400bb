import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer as createProxy } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { vendorVersion } from "../../tools/cli/vendor.mts";

const tool = resolve(import.meta.dirname, "../../tools/pulumi-cli.mts");

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbc-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes the vendor's arguments, and installs programs that tell the version which they were asked for. */
const installer = `
while [ $# -gt 0 ]; do
	case $1 in --install-root) root=$2 ;; --version) version=$2 ;; esac
	shift
done
/bin/mkdir -p "$root/bin"
for program in pulumi pulumi-language-nodejs pulumi-resource-pulumi-nodejs; do
	printf '#!/bin/sh\\necho v%s\\n' "$version" >"$root/bin/$program"
	/bin/chmod 755 "$root/bin/$program"
done
`;

/** A stand-in for the vendor's site, which is reached through a proxy, as from within a company. */
async function site(script: string) {
	const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
	const subject = ["-subj", "/CN=get.pulumi.com", "-addext", "subjectAltName=DNS:get.pulumi.com"];
	const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
	execFileSync("openssl", [...made, ...subject], { stdio: "ignore" });
	const asked: string[] = [];
	const vendor = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, ({ method, url }, response) => {
		asked.push(`${method} ${url}`);
		response.end(script);
	});
	const proxy = createProxy().on("connect", (request, client, head) => {
		asked.push(`CONNECT ${request.url}`);
		const { port } = vendor.address() as AddressInfo;
		const server = connect(port, "127.0.0.1", () => {
			client.write("HTTP/1.1 200 OK\r\n\r\n");
			server.write(head);
			server.pipe(client).pipe(server);
		});
		for (const end of [server, client]) end.on("error", () => {});
	});
	for (const server of [vendor, proxy]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const close = () => {
		for (const server of [vendor, proxy]) {
			server.close();
			server.closeAllConnections();
		}
	};
	return { cert, asked, close, proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

async function run({ cert, proxy }: { readonly cert: string; readonly proxy: string }) {
	const env = {
		PATH: join(folder, "nothing"),
		HOME: folder,
		XDG_CACHE_HOME: join(folder, "cache"),
		NODE_USE_ENV_PROXY: "1",
		HTTPS_PROXY: proxy,
		NODE_EXTRA_CA_CERTS: cert,
	};
	const child = spawn(process.execPath, [tool], { env, stdio: ["ignore", "pipe", "pipe"] });
	const ended = new Promise<number | null>((done) => child.once("close", done));
	const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
	return { status: await ended, stdout, stderr };
}

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const it = hasOpenssl ? test : test.skip; // openssl makes the stand-in's certificate

it("gets the CLI by the vendor's installer where none is on PATH, and keeps it for the next time", async () => {
	const vendor = await site(installer);
	try {
		const place = join(folder, "cache", "pulumi-dbcluster", `pulumi-${vendorVersion}`);
		const first = await run(vendor);
		expect(first).toMatchObject({ status: 0, stderr: "" });
		expect(first.stdout).toContain(`installing the Pulumi CLI ${vendorVersion} with the vendor's installer`);
		expect(first.stdout).toContain(`Pulumi CLI ${vendorVersion}, got just now: ${place}\n`);
		expect(vendor.asked).toContain("CONNECT get.pulumi.com:443");
		expect(vendor.asked.filter((line) => line.endsWith("/install.sh"))).toEqual([
			"HEAD /install.sh",
			"GET /install.sh",
		]);
		const programs = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
		expect(readdirSync(place).sort()).toEqual(programs);

		vendor.asked.length = 0;
		expect(await run(vendor)).toEqual({
			status: 0,
			stdout: `Pulumi CLI ${vendorVersion}, got earlier: ${place}\n`,
			stderr: "",
		});
		expect(vendor.asked).toEqual([]);
	} finally {
		vendor.close();
	}
});

it("says what the vendor's installer said when it fails, and keeps nothing of it", async () => {
	const vendor = await site('echo "error: no space left" >&2; exit 3');
	try {
		const { status, stderr } = await run(vendor);
		expect(status).toBe(1);
		expect(stderr).toContain("the vendor's installer: error: no space left.\n");
		expect(stderr).toContain("compiled from its Go modules: there is no `go` on PATH");
		expect(readdirSync(join(folder, "cache", "pulumi-dbcluster"))).toEqual([]);
	} finally {
		vendor.close();
	}
});
