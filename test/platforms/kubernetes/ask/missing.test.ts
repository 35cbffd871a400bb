import { expect, test } from "vitest";
import { missing } from "../../../../src/platforms/kubernetes/ask/missing";
import { FakeApi } from "../fake-api";
import { clusterOn, made } from "../made";

test("what somebody deleted is found, and nothing else is missed", async () => {
	const api = new FakeApi("db");
	const { cluster } = await made(api);
	expect(await missing(cluster)).toEqual([]);
	for (const name of ["services/db", "services/db-0-1", "poddisruptionbudgets/db-0", "configmaps/db-config"])
		expect([name, api.objects.delete(name)]).toEqual([name, true]);
	expect([...(await missing(cluster))].sort()).toEqual([
		"ConfigMap db-config",
		"PodDisruptionBudget db-0",
		"Service db",
		"Service db-0-1",
	]);
});

test("nothing is missed of a cluster that does not exist, or is still being created", async () => {
	const api = new FakeApi("db");
	expect(await missing(clusterOn(api))).toEqual([]);
	const { cluster, claim } = await made(api);
	api.objects.delete("services/db");
	const since = "2026-11-30T10:00:00Z";
	await cluster.record.under(claim, (now) => ({
		...now,
		mark: { from: "1.8.0", to: "1.8.0", since, creates: true } as never,
	}));
	expect(await missing(cluster)).toEqual([]);
});
