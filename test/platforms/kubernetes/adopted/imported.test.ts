import { describe, expect, it } from "vitest";
import { discover } from "../../../../src/platforms/kubernetes/adopted/imported";
import { Api } from "../../../../src/platforms/kubernetes/api/api";
import type { FakeApi, Thing } from "../fake-api";
import { server, serviceOf, setOf, withExisting } from "./existing";

const found = (api: FakeApi, ...sets: readonly string[]) =>
	discover(new Api(api, "db"), { namespace: "db", context: "prod" }, "db", sets.length === 0 ? ["chi"] : sets);
const existingOf = async (containers: readonly Thing[]): Promise<Thing> =>
	(await found(withExisting(setOf("chi", containers)))).given.existing;

const variable = (name: string, more: object) => ({ name, ...more });
const secret = { secretKeyRef: { name: "s", key: "k" } };

describe("what existing StatefulSets are declared as", () => {
	it("is what they are", async () => {
		const api = withExisting();
		expect(await found(api)).toEqual({
			given: {
				namespace: "db",
				context: "prod",
				image: "clickhouse/server",
				existing: { statefulSets: ["chi"], services: ["chi"], container: "clickhouse", httpPort: 8123 },
			},
			unmanaged: {
				version: "1.7.1",
				shards: 1,
				replicas: 2,
				seen: {
					name: "db",
					state: "Started",
					replicas: ["chi-0", "chi-1"].map((name, ordinal) => ({
						name,
						shard: 0,
						ordinal,
						version: "1.7.1",
						openedBy: "1.7.1",
						serving: true,
						readOnly: undefined,
						caughtUp: undefined,
					})),
				},
			},
			notes: [],
		});
		expect(api.calls.filter(({ method }) => method !== "GET")).toEqual([]);
	});

	it("has a shard for each", async () => {
		const { given, unmanaged } = await found(withExisting(setOf("a"), setOf("b")), "b", "a");
		expect(given.existing).toMatchObject({ statefulSets: ["b", "a"] });
		expect(unmanaged).toMatchObject({ shards: 2, replicas: 2 });
		expect(unmanaged.seen.replicas.map(({ name, shard, ordinal }) => [name, shard, ordinal])).toEqual([
			["b-0", 0, 0],
			["b-1", 0, 1],
			["a-0", 1, 0],
			["a-1", 1, 1],
		]);
	});

	it("has one replica where the StatefulSet says no number", async () => {
		expect((await found(withExisting(setOf("chi", [server()], { replicas: undefined })))).unmanaged.replicas).toBe(1);
	});

	it.each<[string, string, string | undefined]>([
		["clickhouse/server:1.7.1", "clickhouse/server", "1.7.1"],
		["clickhouse/server:v1.7.1-alpine", "clickhouse/server:v{version}-alpine", "1.7.1"],
		["clickhouse/server:1.7.1@sha256:0", "clickhouse/server", "1.7.1"],
	])("has the spelling of the image %s", async (image, spelt, version) => {
		const { given, unmanaged } = await found(withExisting(setOf("chi", [server({ image })])));
		expect([given.image, unmanaged.version]).toEqual([spelt, version]);
	});

	it("needs a version in the tag", async () => {
		await expect(found(withExisting(setOf("chi", [server({ image: "127.0.0.1:1/db:latest" })])))).rejects.toThrow(
			"127.0.0.1:1/db:latest",
		);
	});

	it.each<[string, readonly object[], object]>([
		[
			"CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
			[variable("CLICKHOUSE_USER", { value: "u" }), variable("CLICKHOUSE_PASSWORD", { valueFrom: secret })],
			{ user: "u", passwordSecret: { name: "s", key: "k" } },
		],
		[
			"CLICKHOUSE_ADMIN_USER and CLICKHOUSE_ADMIN_PASSWORD",
			[variable("CLICKHOUSE_ADMIN_USER", { value: "u" }), variable("CLICKHOUSE_ADMIN_PASSWORD", { valueFrom: secret })],
			{ user: "u", passwordSecret: { name: "s", key: "k" } },
		],
		["a user alone", [variable("CLICKHOUSE_USER", { value: "u" })], { user: "u" }],
		[
			"others",
			[
				variable("USER", { value: "u" }),
				variable("CLICKHOUSE_DB_USER", { value: "u" }),
				variable("CLICKHOUSE_PASSWORD", { value: "plain" }),
			],
			{},
		],
	])("has the login of the variables %s", async (_, env, login) => {
		const api = withExisting(setOf("chi", [server({ env })]));
		api.put("secrets", { metadata: { name: "s" }, data: { k: "cA==" } });
		const { given, notes } = await found(api);
		expect({ user: given.user, passwordSecret: given.passwordSecret }).toEqual({
			user: undefined,
			passwordSecret: undefined,
			...login,
		});
		expect(notes).toEqual([]);
	});

	it("says once that its login is not known", async () => {
		const api = withExisting();
		api.answer = () => ({ status: 403, text: "Code: 194. DB::Exception: Authentication failed" });
		const { notes } = await found(api);
		expect(notes).toEqual([expect.stringContaining("kubernetes.passwordSecret")]);
		// A Secret that is not there is no login either.
		const env = [variable("CLICKHOUSE_USER", { value: "u" }), variable("CLICKHOUSE_PASSWORD", { valueFrom: secret })];
		expect((await found(withExisting(setOf("chi", [server({ env })])))).notes).toHaveLength(1);
	});
});

describe("the container that is the server", () => {
	const exporter = server({ name: "exporter", ports: [{ containerPort: 9363 }] });
	const listens = (name: string, ...ports: object[]) => server({ name, ports });

	it.each<[string, readonly Thing[], string]>([
		["is named clickhouse", [listens("proxy", { containerPort: 8123 }), server()], "clickhouse"],
		["alone has the port", [exporter, listens("db", { containerPort: 9000 }, { containerPort: 8123 })], "db"],
		["is the only one", [server({ name: "db" })], "db"],
	])("%s", async (_, containers, name) => {
		expect((await existingOf(containers)).container).toBe(name);
	});

	it("is unknown where several may be it", async () => {
		await expect(
			existingOf([listens("a", { containerPort: 8123 }), listens("b", { containerPort: 8123 })]),
		).rejects.toThrow(/(?=.*a, b)(?=.*8123)/);
	});

	it.each<[string, readonly object[], number]>([
		["the usual port without any", [], 8123],
		["the usual port if it has it", [{ name: "http", containerPort: 8124 }, { containerPort: 8123 }], 8123],
		[
			"the port that is named http",
			[
				{ name: "tcp", containerPort: 9000 },
				{ name: "http", containerPort: 8124 },
			],
			8124,
		],
		["the usual port where none is named http", [{ name: "tcp", containerPort: 9000 }], 8123],
	])("has %s", async (_, ports, httpPort) => {
		expect((await existingOf([server({ ports })])).httpPort).toBe(httpPort);
	});
});

describe("what can't be imported", () => {
	const refused = (api: FakeApi, ...sets: string[]) =>
		found(api, ...sets).then(
			() => "",
			(error: Error) => error.message,
		);

	it("is not there: the namespace has others, or none", async () => {
		expect(await refused(withExisting(), "two")).toMatch(/two.* chi\./);
		const api = withExisting();
		api.objects.delete("statefulsets/chi");
		expect(await refused(api, "two")).toMatch(/has no StatefulSet\./);
	});

	it("is part of another cluster; of this one it may be", async () => {
		const of = (cluster: string) => {
			const set = setOf();
			return withExisting({ ...set, metadata: { ...set.metadata, labels: { "pulumi-dbcluster/cluster": cluster } } });
		};
		expect(await refused(of("other"))).toContain("'other'");
		expect(await refused(of("db"))).toBe("");
	});

	it("has no pod, whatever its StatefulSet selects besides", async () => {
		const api = withExisting(setOf("chi", [server()], { replicas: 0 }));
		api.put("pods", { metadata: { name: "job-x", labels: { app: "chi" } }, spec: { containers: [] } });
		expect(await refused(api)).toMatch(/chi has no pod/);
	});

	it("is in the way of a takeover: every reason is said", async () => {
		const set = setOf("chi", [server()], { ordinals: { start: 1 } });
		const owned = {
			...set,
			metadata: { ...set.metadata, ownerReferences: [{ kind: "Chi", name: "x", controller: true }] },
		};
		expect(await refused(withExisting(owned))).toMatch(/Chi x.*ordinals/);
	});

	it("can't be declared: its Service, port or user is no argument", async () => {
		expect(
			await refused(withExisting(setOf("chi", [server({ env: [variable("CLICKHOUSE_USER", { value: "a b" })] })]))),
		).toMatch(/user: .*adopt: true/);
	});
});

describe("the Services of existing StatefulSets", () => {
	it("are those from which a replica can be drained, the one with the HTTP port first", async () => {
		const api = withExisting();
		api.put("services", serviceOf("a-native", { all: "yes" }, { ports: [{ port: 9000 }] }));
		api.put("services", serviceOf("headless", { all: "yes" }, { clusterIP: "None" }));
		api.put("services", serviceOf("one", { "statefulset.kubernetes.io/pod-name": "chi-0" }));
		api.put("services", serviceOf("none", {}));
		api.put("services", serviceOf("others", { app: "x" }));
		expect((await found(api)).given.existing).toMatchObject({ services: ["chi", "a-native"] });
	});
});
