import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const tool = resolve(import.meta.dirname, "../../tools/pulumi-cli.mts");

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbc-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts programs into a folder; each prints what it is given here. */
function programs(name: string, printing: Readonly<Record<string, string>>): string {
	const place = join(folder, name);
	mkdirSync(place, { recursive: true });
	for (const [program, text] of Object.entries(printing)) {
		writeFileSync(join(place, program), `#!/bin/sh\necho "${text}"\n`);
		chmodSync(join(place, program), 0o755);
	}
	return place;
}

/** Runs the tool with nothing but some folders on PATH, and no way to any site. */
function run(...path: string[]) {
	const env = {
		PATH: [...path, join(folder, "nothing")].join(":"),
		HOME: folder,
		XDG_CACHE_HOME: join(folder, "cache"),
		NODE_USE_ENV_PROXY: "1",
		HTTPS_PROXY: "http://127.0.0.1:1",
	};
	const { status, stdout, stderr } = spawnSync(process.execPath, [tool], { env, encoding: "utf8" });
	return { status, stdout, stderr };
}

const whole = { pulumi: "v3.270.0", "pulumi-language-nodejs": "", "pulumi-resource-pulumi-nodejs": "" };

test("takes the CLI on PATH, and makes no cache for it", () => {
	const place = programs("bin", whole);
	expect(run(place)).toEqual({ status: 0, stdout: `Pulumi CLI 3.270.0, found on PATH: ${place}\n`, stderr: "" });
	expect(existsSync(join(folder, "cache"))).toBe(false);
});

test("names all three ways and why each fails, and leaves nothing behind", () => {
	const { status, stderr } = run();
	expect(status).toBe(1);
	expect(stderr).toContain("There is no Pulumi CLI and none of the three ways to get one works here:");
	expect(stderr).toContain("on PATH: there is none. Install it as https://www.pulumi.com/docs/install/ says");
	expect(stderr).toContain("the vendor's installer: its site can't be reached from here");
	expect(stderr).toContain("compiled from its Go modules: there is no `go` on PATH");
	expect(stderr).not.toContain("    at ");
	expect(existsSync(join(folder, "cache"))).toBe(false);
});

test.each([
	[
		"has no language host",
		{ pulumi: "v3.270.0" },
		"comes without pulumi-language-nodejs and pulumi-resource-pulumi-nodejs",
	],
	["is too old", { ...whole, pulumi: "v3.99.0" }, "is 3.99.0, and 3.200.0 is the oldest that will do"],
	["does not run", { ...whole, pulumi: "Segmentation fault" }, "does not tell its version"],
])("does not take a CLI on PATH that %s", (_, printing, why) => {
	const { status, stderr } = run(programs("bin", printing));
	expect(status).toBe(1);
	expect(stderr).toContain(why);
});

test("takes one that was got earlier, and completes it with the SDK's launcher", () => {
	const { "pulumi-resource-pulumi-nodejs": _, ...got } = { ...whole, pulumi: "v3.250.0" };
	const place = programs("cache/pulumi-dbcluster/pulumi-3.250.0", got);
	expect(run()).toMatchObject({ status: 0, stdout: `Pulumi CLI 3.250.0, got earlier: ${place}\n` });
	expect(readdirSync(place).sort()).toEqual(Object.keys(whole).sort());
});

test("says what the compiler said when it can't compile", () => {
	const go = programs("go", {});
	const script =
		'#!/bin/sh\n[ "$1" = env ] && { echo go1.99.0; exit; }\necho "go: no such module: example" >&2\nexit 1\n';
	writeFileSync(join(go, "go"), script);
	chmodSync(join(go, "go"), 0o755);
	const { status, stdout, stderr } = run(go, "/bin");
	expect(status).toBe(1);
	expect(stdout).toContain("with go1.99.0");
	expect(stderr).toContain("compiled from its Go modules: go build ended with 1: go: no such module: example");
	expect(readdirSync(join(folder, "cache", "pulumi-dbcluster"))).toEqual([]);
});
