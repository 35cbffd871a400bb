import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadKubeconfig } from "../../../../src/platforms/kubernetes/api/kubeconfig";
import { impersonationOf } from "../../../../src/platforms/kubernetes/api/kubeconfig-user";

const folder = mkdtempSync(join(tmpdir(), "dbcluster-user-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server = "https://127.0.0.1:1";
const config = (user: object, cluster: object = {}) =>
	JSON.stringify({
		clusters: [
			{ name: "other", cluster: { server: "https://127.0.0.1:2" } },
			{ name: "c", cluster: { server, ...cluster } },
		],
		users: [
			{ name: "nobody", user: { tokenFile: "none", "as-groups": ["wrong"] } },
			{ name: "u", user },
		],
		contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
		"current-context": "prod",
	});
const file = (name: string, content: string) => {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
};

async function authorization(kubeconfig: string): Promise<unknown> {
	const options: RequestOptions = {};
	await loadKubeconfig({ kubeconfig }).applyToHTTPSOptions(options);
	return (options.headers as Record<string, unknown>).Authorization;
}

// The client is a large package: on a busy machine it takes its time to load.
describe("what kubectl takes of a kubeconfig's user, and the client does not", { timeout: 60_000 }, () => {
	it("a tokenFile, by a path relative to the kubeconfig, rather than a token", async () => {
		const token = file("token", "of-a-file\n");
		expect(await authorization(config({ tokenFile: token, token: "of-the-user" }))).toBe("Bearer of-a-file");
		const path = file("config", config({ tokenFile: "token" }));
		expect(await authorization(path)).toBe("Bearer of-a-file");
		writeFileSync(token, "another");
		expect(await authorization(path)).toBe("Bearer another");
		const missing = join(folder, "missing");
		expect(await authorization(config({ tokenFile: missing, token: "of-the-user" }))).toBe("Bearer of-the-user");
		await expect(authorization(config({ tokenFile: missing }))).rejects.toThrow(
			`the kubeconfig's tokenFile ${missing} can't be read (ENOENT)`,
		);
	});

	it("groups, uid and more of a user who is impersonated", () => {
		const headers = (user: object) => impersonationOf(loadKubeconfig({ kubeconfig: config(user) }));
		const extra = { "example.com/reason": ["a", "b"], Scopes: ["c"] };
		expect(headers({ as: "jane", "as-uid": "7", "as-groups": ["dev", "ops"], "as-user-extra": extra })).toEqual({
			"Impersonate-Uid": "7",
			"Impersonate-Group": ["dev", "ops"],
			"Impersonate-Extra-example.com%2Freason": ["a", "b"],
			"Impersonate-Extra-Scopes": ["c"],
		});
		expect(headers({ as: "jane", "as-groups": null })).toEqual({});
		expect(() => headers({ as: "jane", "as-groups": "dev" })).toThrow("the kubeconfig can't be read");
	});

	describe("a plugin", () => {
		mkdirSync(join(folder, "bin"));
		/** Its token is what it is told. */
		const plugin = file(
			"bin/plugin",
			`#!/bin/sh
token=$(printf %s "$KUBERNETES_EXEC_INFO" | base64 | tr -d '\\n')
echo '{"kind":"ExecCredential","status":{"token":"'$token'"}}'
`,
		);
		chmodSync(plugin, 0o755);
		const apiVersion = "client.authentication.k8s.io/v1";
		const told = async (kubeconfig: string) =>
			JSON.parse(Buffer.from(String(await authorization(kubeconfig)).replace("Bearer ", ""), "base64").toString());
		const credential = (spec: object) => ({
			apiVersion,
			kind: "ExecCredential",
			spec: { interactive: false, ...spec },
		});

		it("is told of its cluster, if it asks for that", async () => {
			const exec = { apiVersion, command: plugin, env: [{ name: "A", value: "b" }] };
			expect(await told(config({ exec }))).toEqual(credential({}));
			const asking = { exec: { ...exec, provideClusterInfo: true } };
			expect(await told(config(asking))).toEqual(credential({ cluster: { server } }));
			const extensions = [
				{ name: "other", extension: 1 },
				{ name: "client.authentication.k8s.io/exec", extension: { audience: "a" } },
			];
			const cluster = { "tls-server-name": "t", "proxy-url": "http://p", "certificate-authority": "ca", extensions };
			file("ca", "certificate");
			expect(await told(file("config", config(asking, cluster)))).toEqual(
				credential({
					cluster: {
						server,
						"tls-server-name": "t",
						"proxy-url": "http://p",
						"certificate-authority-data": Buffer.from("certificate").toString("base64"),
						config: { audience: "a" },
					},
				}),
			);
		});

		it("is found by a path relative to the kubeconfig", async () => {
			const path = file("config", config({ exec: { apiVersion, command: "./bin/plugin" } }));
			expect(await told(path)).toEqual(credential({}));
		});

		it("is refused if it needs a terminal", async () => {
			const exec = { apiVersion, command: plugin, interactiveMode: "Always" };
			await expect(authorization(config({ exec }))).rejects.toThrow(/needs a terminal \(interactiveMode: Always\)/);
		});
	});
});
