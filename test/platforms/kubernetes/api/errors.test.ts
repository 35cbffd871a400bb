import { expect, test } from "vitest";
import { Api } from "../../../../src/platforms/kubernetes/api/api";
import { apiError } from "../../../../src/platforms/kubernetes/api/errors";
import { readCredentials } from "../../../../src/platforms/kubernetes/ask/server";
import { FakeApi } from "../fake-api";

// @pulumi/kubernetes knows the names of what a program creates in its first preview already, but not their ids.
test("what a program creates itself is missing in its first preview: the way out is the id", async () => {
	const text = JSON.stringify({
		kind: "Status",
		message: 'namespaces "db" not found',
		details: { name: "db", kind: "namespaces" },
	});
	const call = { method: "PATCH", path: "/api/v1/namespaces/db/services/db?dryRun=All" } as const;
	expect(apiError({ server: "https://test" }, call, { status: 404, text }).message).toBe(
		"the namespace 'db' does not exist at https://test: create it first. If your program creates it, pass its id (namespace.id), which is known once it exists",
	);
	const api = new Api(new FakeApi("db"), "db");
	await expect(readCredentials(api, { user: "app", passwordSecret: { name: "p", key: "password" } })).rejects.toThrow(
		'the Secret p does not exist in the namespace db: create it first. If your program creates it, take the name from its id, "db/p", which is known once it exists',
	);
});
