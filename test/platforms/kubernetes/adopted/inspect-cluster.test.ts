import { beforeEach, describe, expect, it } from "vitest";
import { inspect, type TakeoverSpec } from "../../../../src/platforms/kubernetes/adopted/inspect";
import { tables, v } from "../../../build";
import { answered, type FakeApi } from "../fake-api";
import { inventoryRows, recordOf } from "../made";
import { adoptedOn, server, setOf, withExisting } from "./existing";

let api: FakeApi;
beforeEach(() => {
	api = withExisting();
});

const inspected = (more: Partial<TakeoverSpec> = {}, existing: object = {}) =>
	inspect(adoptedOn(api, existing), { version: v("1.7.1"), shards: 1, replicas: 2, ...more });
const refused = async (more: Partial<TakeoverSpec> = {}, existing: object = {}) =>
	(await inspected(more, existing)).obstacles.map(({ property }) => property.replace("kubernetes.", ""));
const reasons = async (more: Partial<TakeoverSpec> = {}, existing: object = {}) =>
	(await inspected(more, existing)).obstacles.map(({ reason }) => reason).join("\n");
/** A StatefulSet in the place of the one that is there. */
const put = (spec: object, metadata: object = {}, status?: object) => {
	const set = setOf("chi", [server()], spec);
	api.put("statefulsets", { ...set, metadata: { ...set.metadata, ...metadata } });
	if (status) Object.assign(api.objects.get("statefulsets/chi").status, status);
};
const unready = (name: string, more: object = {}) =>
	Object.assign(api.objects.get(`pods/${name}`).status, { conditions: [{ type: "Ready", status: "False" }], ...more });

/** What servers hold besides telling where their data is. */
const hold = (text: string) => {
	const { answer } = api;
	api.answer = (sql, pod) => {
		const data = answer(sql, pod).text;
		return sql.includes("AS kind")
			? { status: 200, text: [data, answered(...inventoryRows(tables(text), pod)).text].join("\n") }
			: answered();
	};
};

describe("StatefulSets that are to be taken over", () => {
	it("are told with their pods", async () => {
		const { sets, pods, ...rest } = await inspected();
		expect([sets, pods].map((all) => all.map(({ metadata }) => metadata.name))).toEqual([["chi"], ["chi-0", "chi-1"]]);
		expect(rest).toEqual({ obstacles: [], undrained: [], replicates: false });
	});

	it("are one shard each", async () => {
		expect(await refused({ shards: 2 })).toEqual(["shards"]);
	});

	it("are there; if not, the namespace has others, or none", async () => {
		expect(await reasons({ shards: 2 }, { statefulSets: ["chi", "two"] })).toMatch(/two\. .* chi\./);
		api.objects.delete("statefulsets/chi");
		expect(await reasons()).toContain("has no StatefulSet.");
	});

	it("have as many replicas as are asked for, all of them", async () => {
		expect(await refused({ replicas: 1 })).toEqual(["replicas"]);
		api.put("statefulsets", setOf("two", [server()], { replicas: undefined }));
		const two = { statefulSets: ["chi", "two"] };
		// What they have is not the same; what is asked for is no matter then.
		expect((await refused({ shards: 2 }, two)).filter((property) => property === "replicas")).toEqual([]);
		expect(await reasons({ shards: 2 }, two)).toContain("chi 2, two 1");
		api.objects.delete("statefulsets/two");
		for (const name of ["two-0", "chi-1"]) api.objects.delete(`pods/${name}`);
		put({ replicas: undefined });
		expect(await refused({ replicas: 1 })).toEqual([]);
		put({ replicas: 0 });
		expect((await refused({ replicas: 1 })).filter((property) => property === "replicas")).toEqual([]);
	});

	it("have the container", async () => {
		const { obstacles, pods } = await inspected({}, { container: "db" });
		expect(obstacles.map(({ property }) => property)).toEqual(["kubernetes.existing.container"]);
		expect(obstacles[0]?.reason).toMatch(/db.* clickhouse\.$/);
		expect(pods).toEqual([]);
	});

	it("are nobody else's", async () => {
		put({}, { labels: { app: "chi", "pulumi-dbcluster/cluster": "other" } });
		// What is left of a cluster without a record, or only claimed, is nobody's.
		expect(await refused()).toEqual([]);
		api.put("configmaps", recordOf("other", { owner: undefined }));
		expect(await refused()).toEqual([]);
		api.put("configmaps", recordOf("other", {}));
		expect(await reasons()).toContain("a/b/other");
		put({}, { labels: { app: "chi", "pulumi-dbcluster/cluster": "db" } });
		api.put("configmaps", recordOf("db", {}));
		expect(await refused()).toEqual([]);
	});

	it("are no operator's; an owner that controls nothing is none", async () => {
		put({}, { ownerReferences: [{ kind: "App", name: "shop" }] });
		expect(await refused()).toEqual([]);
	});

	it("are numbered from 0", async () => {
		put({ ordinals: { start: 0 } });
		expect(await refused()).toEqual([]);
		put({ ordinals: {} });
		expect(await refused()).toEqual([]);
	});

	it.each<[string, string, object]>([
		["RollingUpdate", "", {}],
		["RollingUpdate", "existing.statefulSets", { observedGeneration: 0 }],
		["RollingUpdate", "existing.statefulSets", { updateRevision: "r2" }],
		["OnDelete", "", { observedGeneration: 0, updateRevision: "r2" }],
		["", "existing.statefulSets", { updateRevision: "r2" }],
	])("are not in the middle of a rollout: %s %s %j", async (type, property, status) => {
		put({ updateStrategy: type === "" ? undefined : { type } }, {}, status);
		expect((await refused()).join()).toBe(property);
		expect((await inspected()).obstacles.map(({ reason }) => reason.includes("partition"))).not.toContain(true);
	});
});

describe("pods that are to be taken over", () => {
	it("are all there and ready", async () => {
		api.objects.delete("pods/chi-1");
		expect(await reasons()).toMatch(/^chi-1 is not ready/);
		expect((await inspected()).pods).toHaveLength(1);
	});

	it("that are not ready say why, and are not asked", async () => {
		unready("chi-0");
		unready("chi-1", {
			containerStatuses: [
				{
					name: "clickhouse",
					restartCount: 5,
					imageID: "i",
					state: { waiting: { reason: "CrashLoopBackOff" } },
					lastState: { terminated: { exitCode: 70, message: "Code: 36" } },
				},
			],
		});
		api.calls.length = 0;
		const { obstacles, replicates } = await inspected();
		expect(obstacles.map(({ reason }) => reason)).toEqual([
			expect.stringMatching(/^chi-0 is not ready/),
			expect.stringMatching(/^chi-1 .*exit code 70.*Code: 36/),
		]);
		expect(replicates).toBeUndefined();
		expect(api.calls.filter(({ path }) => path.includes("/proxy/"))).toEqual([]);
	});

	it("run what they are declared as", async () => {
		expect(await refused({ version: v("1.8.0") })).toEqual(["version", "version"]);
	});
});

describe("servers that are to be taken over", () => {
	it("answer to the login, each of them", async () => {
		const { answer } = api;
		api.answer = (sql, pod) =>
			pod === "chi-1" ? { status: 403, text: "Code: 516. DB::Exception: no" } : answer(sql, pod);
		expect(await refused()).toEqual(["user"]);
		expect(await reasons()).toMatch(/^chi-1 .*8123.*Code: 516/);
		api.answer = () => {
			throw new TypeError("bug");
		};
		await expect(inspected()).rejects.toThrow("bug");
	});

	it("are not asked without a login", async () => {
		const cluster = adoptedOn(api);
		Object.assign(cluster.given, { passwordSecret: { name: "s", key: "k" } });
		api.calls.length = 0;
		const { obstacles, replicates } = await inspect(cluster, { version: v("1.7.1"), shards: 1, replicas: 2 });
		expect(obstacles.map(({ property }) => property)).toEqual(["kubernetes.passwordSecret"]);
		expect(replicates).toBeUndefined();
		expect(api.calls.filter(({ path }) => path.includes("/proxy/"))).toEqual([]);
	});

	it("are asked all that a rollout asks", async () => {
		const { answer } = api;
		for (const table of ["system.events", "system.processes"]) {
			api.answer = (sql, pod) => (sql.includes(table) ? { status: 403, text: "Code: 497" } : answer(sql, pod));
			expect(await refused()).toEqual(["user", "user"]);
		}
	});

	it("may replicate", async () => {
		hold("rows@/t loc=5");
		expect((await inspected()).replicates).toBe(true);
		expect(await refused()).toEqual([]);
	});

	it("are in the shards that they are declared in", async () => {
		const { answer } = api;
		api.answer = (sql, pod) => {
			const rows = inventoryRows(tables(`rows@/${pod}`), pod);
			return sql.includes("AS kind")
				? { status: 200, text: [answer(sql, pod).text, answered(...rows).text].join("\n") }
				: answered();
		};
		expect(await refused()).toEqual(["existing.statefulSets"]);
		expect(await reasons()).toContain("chi-0 / chi-1");
	});
});

it("says what is wrong once, however many pods it is about", async () => {
	const { answer } = api;
	api.answer = (sql, pod) => (sql.includes("'data' AS kind") ? answered() : answer(sql, pod));
	expect(await refused()).toHaveLength(1);
});
