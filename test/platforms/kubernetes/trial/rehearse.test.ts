import { expect, test } from "vitest";
import { PlatformError } from "../../../../src/control/errors";
import type { StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { barred, rehearseByPods, setUp } from "../../../../src/platforms/kubernetes/trial/rehearse";
import { v } from "../../../build";
import { ScriptedServer } from "../../../rehearsal/server";
import { FakeApi } from "../fake-api";
import { made, settingsOf } from "../made";

const other = { config: { "a.xml": "<clickhouse><max_concurrent_queries>7</max_concurrent_queries></clickhouse>" } };

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

test.each([
	["with files of their own, where they are not stored yet", settingsOf(other), "db-config-trial"],
	["with the cluster's files, where they are", settingsOf(), "db-config"],
])("settings are tried %s, and the cluster's stay as they are", async (_, settings, config) => {
	const api = new FakeApi("db");
	const { claim } = await made(api);
	const cluster = new Cluster("db", settings, undefined, api);
	const kept = () => JSON.stringify(["configmaps/db-config", "statefulsets/db-0"].map((key) => api.objects.get(key)));
	const before = kept();
	const send = api.send.bind(api);
	api.send = async (call) => {
		const answer = await send(call);
		for (const { metadata, ...pod } of api.all("pods"))
			if (metadata.name.startsWith("db-trial-"))
				api.objects.set(`pods/${metadata.name}`, { metadata, ...pod, status: { phase: "Failed" } });
		return answer;
	};
	const tried: string[] = [];
	await rehearseByPods(cluster, claim, v("1.8.0"), 60, async ({ artifact, start }) => {
		const { failure } = await start();
		const [{ spec }] = api.all("pods").filter(({ metadata }) => metadata.name === "db-trial-0");
		const its = spec.volumes.find(({ name }: { readonly name: string }) => name === "config").configMap.name;
		const { data, metadata } = api.objects.get(`configmaps/${its}`);
		if (its !== "db-config") expect(metadata.labels).not.toHaveProperty("pulumi-dbcluster/cluster");
		tried.push(its, artifact, String(failure?.cause), ...Object.keys(data));
		return undefined;
	});
	expect(tried.slice(0, 3)).toEqual([config, expect.stringContaining("127.0.0.1:1/db:1.8.0 "), "exits"]);
	expect(tried.includes("config-a.xml")).toBe(config === "db-config-trial");
	expect(kept()).toBe(before);
	expect(api.all("configmaps").map(({ metadata }) => metadata.name)).toEqual(["db-dbcluster", "db-config"]);
	expect(api.all("pods").map(({ metadata }) => metadata.name)).toEqual(["db-0-0", "db-0-1"]);
});
