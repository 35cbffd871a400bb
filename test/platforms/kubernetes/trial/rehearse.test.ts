import { expect, test } from "vitest";
import { PlatformError } from "../../../../src/control/errors";
import type { StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import { barred, setUp } from "../../../../src/platforms/kubernetes/trial/rehearse";
import { ScriptedServer } from "../../../rehearsal/server";

test.each([
	["whom it does not know, as one that SQL created", "Code: 516. DB::Exception: app: Authentication failed"],
	["who may only read", "Code: 164. DB::Exception: app: Cannot execute query in readonly mode. (READONLY)"],
])("tables are not tried by a user %s", async (_, reason) => {
	expect(await barred(new ScriptedServer(undefined, () => reason))).toBe(reason);
});

test("they are tried by a user who may create them, and nothing is left of the question", async () => {
	const server = new ScriptedServer();
	expect(await barred(server)).toBeUndefined();
	expect(server.ran.at(0)).toMatch(/^CREATE DATABASE/);
	expect(server.ran.at(-1)).toMatch(/^DROP DATABASE/);
});

test("a missing right to reach the pod is a reason, an API server that is away is an error", async () => {
	const failing = (message: string) => ({
		rows: async () => [],
		run: () => Promise.reject(new PlatformError(message)),
	});
	expect(await barred(failing("pods/proxy is forbidden"))).toBe("pods/proxy is forbidden");
	await expect(barred(failing("the API server does not answer"))).rejects.toThrow("does not answer");
});

test("what a set starts its servers with is the same for each version, and another with another configuration", () => {
	const set = (image: string, memory: string, hash?: string): StatefulSet => ({
		metadata: { name: "db-0" },
		spec: {
			replicas: 2,
			template: {
				metadata: { ...(hash !== undefined && { annotations: { "pulumi-dbcluster/template": hash } }) },
				spec: { containers: [{ name: "server", image, resources: { limits: { memory } } }] },
			},
		} as unknown as StatefulSet["spec"],
	});
	expect(setUp(set("db:1", "1Gi"))).toBe(setUp(set("db:2", "1Gi")));
	expect(setUp(set("db:1", "1Gi"))).not.toBe(setUp(set("db:1", "2Gi")));
	expect(setUp(set("db:1", "1Gi", "abc"))).toBe("abc");
});
