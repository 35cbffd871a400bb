import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../src/platforms/kubernetes/api/connection";
import { environment, Space, startCluster, unavailable, versions } from "./harness";

test.skipIf(unavailable !== undefined)(
	"a plugin is asked again for a token that the API server rejects, and once only",
	async () => {
		const space = await Space.open();
		const folder = mkdtempSync(join(tmpdir(), "dbcluster-plugin-"));
		try {
			const given = JSON.parse(space.settings().kubeconfig ?? "");
			const { token } = given.users[0].user;
			const asked = () => readFileSync(join(folder, "asked"), "utf8").length;
			/** Tokens without an expiry: the first `rejected` ones are of nobody. */
			const through = (rejected: number) => {
				const credential = (text: string) =>
					JSON.stringify({
						apiVersion: "client.authentication.k8s.io/v1",
						kind: "ExecCredential",
						status: { token: text },
					});
				writeFileSync(join(folder, "asked"), "");
				const command = join(folder, "plugin");
				writeFileSync(
					command,
					`#!/bin/sh
cd '${folder}' && printf . >>asked
if [ "$(wc -c <asked)" -le ${rejected} ]; then echo '${credential("nobody")}'; else echo '${credential(token)}'; fi
`,
				);
				chmodSync(command, 0o755);
				const exec = { apiVersion: "client.authentication.k8s.io/v1", command, interactiveMode: "Never" };
				const kubeconfig = JSON.stringify({ ...given, users: [{ ...given.users[0], user: { exec } }] });
				const path = `/api/v1/namespaces/${space.namespace}/pods`;
				return connect({ kubeconfig }).send({ method: "GET", path });
			};
			expect((await through(0)).status).toBe(200);
			expect(asked()).toBe(1);
			expect((await through(1)).status).toBe(200);
			expect(asked()).toBe(2);
			expect((await through(9)).status).toBe(401);
			expect(asked()).toBe(2);
		} finally {
			rmSync(folder, { recursive: true, force: true });
			await space.close();
		}
	},
);

test.skipIf(unavailable !== undefined)("an impersonated user is in the groups that the kubeconfig names", async () => {
	const { KubeConfig } = require("@kubernetes/client-node");
	const config = new KubeConfig();
	config.loadFromFile(environment.kubeconfig);
	const given = JSON.parse(config.exportConfig());
	const status = async (more: object) => {
		const users = given.users.map((each: { user: object }) => ({
			...each,
			user: { ...each.user, as: "jane", ...more },
		}));
		const kubeconfig = JSON.stringify({ ...given, users });
		return (await connect({ kubeconfig }).send({ method: "GET", path: "/api/v1/namespaces" })).status;
	};
	expect(await status({})).toBe(403);
	expect(await status({ "as-groups": ["dev", "system:masters"], "as-user-extra": { "a.b/reason": ["test"] } })).toBe(
		200,
	);
});

test.skipIf(unavailable !== undefined)("a password of any letters opens the servers", async () => {
	const space = await Space.open();
	try {
		const password = Buffer.from("пароль-ü 1").toString("base64");
		// The only Secret that the Role may read.
		await space.api.merge("secrets", "db-password", { data: { password } });
		const spec = { version: versions.v1, replicas: 1, reachable: false };
		const control = await startCluster(space, spec);
		expect((await control.observe())?.replicas).toMatchObject([{ serving: true, caughtUp: true, readOnly: false }]);
		expect(await control.holds("db-0-0")).toMatchObject({ tables: [] });
	} finally {
		await space.close();
	}
});
