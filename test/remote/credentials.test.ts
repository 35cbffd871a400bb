import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { credentialsFor } from "../../src/remote/credentials";

let folder = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "dbcluster-docker-"));
	vi.stubEnv("DOCKER_CONFIG", folder);
	vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

const configure = (config: unknown) =>
	writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A credential helper: a program that reads the registry's name and writes JSON. */
function helper(name: string, script: string): void {
	const path = join(folder, `docker-credential-${name}`);
	writeFileSync(path, `#!/bin/sh\n${script}\n`);
	chmodSync(path, 0o755);
}

test.each([
	["registry-1.docker.io", "https://index.docker.io/v1/"],
	["registry-1.docker.io", "docker.io"],
	["registry-1.docker.io", "registry-1.docker.io"],
	["127.0.0.1:5000", "127.0.0.1:5000"],
	["registry.example.com", "https://registry.example.com"],
	["registry.example.com", "https://registry.example.com/v2/"],
])("of %s are found under %s", async (registry, name) => {
	configure({ auths: { "other.io": { auth: base64("x:y") }, [name]: { auth: base64("ann:pass:word") } } });
	expect(await credentialsFor(registry, "db")).toEqual({ username: "ann", password: "pass:word" });
	expect(await credentialsFor("third.io", "db")).toBeUndefined();
});

test("of several with a path, as podman stores them, the longest that the repository is in counts", async () => {
	const of = (user: string) => ({ auth: base64(`${user}:x`) });
	const host = "registry.example.com";
	const user = async (repository: string, registry = host) => {
		const found = await credentialsFor(registry, repository);
		return found !== undefined && "username" in found ? found.username : undefined;
	};
	configure({
		auths: {
			[`${host}/team-a`]: of("a"),
			[`https://${host}/team-b/`]: of("b"),
			[`${host}/team-b/db`]: of("db"),
			[host]: of("all"),
			"docker.io/library": of("library"),
			"docker.io/team-a": of("hub"),
		},
	});
	expect(await user("team-a/db")).toBe("a");
	expect(await user("team-b/other")).toBe("b");
	expect(await user("team-b/db")).toBe("db");
	expect(await user("team-b/db/old")).toBe("db");
	expect(await user("team-b/db2")).toBe("b");
	expect(await user("team-bb/db")).toBe("all");
	expect(await user("team-a/db", "registry-1.docker.io")).toBe("hub");
	// Docker itself goes by the host alone.
	configure({ auths: { [`${host}/team-a`]: of("a"), [`${host}/team-b`]: of("b") } });
	expect(await user("team-b/db")).toBe("b");
	expect(await user("team-c/db")).toBe("a");
});

test.each([
	[{}],
	[{ auths: { "registry.example.com": {} } }],
	[{ auths: { "registry.example.com": { auth: base64("ann") } } }],
	["null"],
])("%j holds none", async (config) => {
	configure(config);
	expect(await credentialsFor("registry.example.com", "db")).toBeUndefined();
});

test("no configuration at all is no error", async () => {
	expect(await credentialsFor("registry.example.com", "db")).toBeUndefined();
	vi.stubEnv("DOCKER_CONFIG", join(folder, "none"));
	expect(await credentialsFor("registry.example.com", "db")).toBeUndefined();
});

test("an identity token goes before a password", async () => {
	configure({ auths: { "registry.example.com": { auth: base64("ann:x"), identitytoken: "id" } } });
	expect(await credentialsFor("registry.example.com", "db")).toEqual({ identityToken: "id" });
});

test("a helper is asked for the registry by its name, its own before the store of all", async () => {
	helper("own", `read server; printf '{"ServerURL":"%s","Username":"ann","Secret":"for %s"}' "$server" "$server"`);
	helper("all", `read server; printf '{"Username":"<token>","Secret":"for %s"}' "$server"`);
	configure({ credsStore: "all", credHelpers: { "registry.example.com": "own" } });
	expect(await credentialsFor("registry.example.com", "db")).toEqual({
		username: "ann",
		password: "for registry.example.com",
	});
	expect(await credentialsFor("registry-1.docker.io", "db")).toEqual({
		identityToken: "for https://index.docker.io/v1/",
	});
});

test("a helper that knows nothing of the registry leaves it to the file", async () => {
	helper("all", "echo 'credentials not found in native keychain'; exit 1");
	configure({ credsStore: "all", auths: { "registry.example.com": { auth: base64("ann:x") } } });
	expect(await credentialsFor("registry.example.com", "db")).toEqual({ username: "ann", password: "x" });
	expect(await credentialsFor("third.io", "db")).toBeUndefined();
});

test.each([
	[
		"a file that is not valid JSON",
		() => configure(`{"auths": {"registry.example.com": {"auth": "${base64("ann:hunter2")}"`),
		"is not valid JSON",
	],
	["a helper that is not there", () => configure({ credsStore: "gone" }), "docker-credential-gone, .* can.t be run"],
	[
		"a helper that says anything",
		() => {
			configure({ credsStore: "odd" });
			helper("odd", "echo hunter2");
		},
		"docker-credential-odd, .* does not return credentials",
	],
	["a helper that is no name", () => configure({ credsStore: "../sh" }), "a credential helper with an invalid name"],
])("%s is an error that shows no secret", async (_, arrange, said) => {
	arrange();
	const error: unknown = await credentialsFor("registry.example.com", "db").catch((reason: unknown) => reason);
	expect((error as Error).message).toMatch(new RegExp(said));
	expect((error as Error).message).not.toMatch(/hunter2|aHVudGVy/);
	expect((error as Error).message).not.toContain(base64("ann:hunter2"));
});
