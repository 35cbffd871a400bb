import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { KubernetesDbClusterArgs } from "../../src/kubernetes";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import * as provider from "../../src/pulumi/provider";
import { declare, generated, unsealed } from "../pulumi/component/declared";
import { environment, Space, unavailable } from "./harness";
import { admitted, apply, type Thing } from "./objects";
import { ProcessList } from "./processes";
import { queryAt } from "./query";

/**
 * The provider plugins of @pulumi/kubernetes and @pulumi/random are no packages of npm, and these tests stand in for
 * them: what the component hands to the engine is applied to a real API server, which enforces the restricted Pod
 * Security. The DbCluster inside is carried out by its own, real provider, with the Role of examples/kubernetes. What the
 * API server does not tell is whether the network enforces a NetworkPolicy: that is up to the cluster that runs this.
 */
const minute = 60_000;
const rotated = "Qp4sZ8tYb2WnKc6VmXr9LdHf5GjEa3Uo";

/** Objects in the order in which they were registered, without those of kinds that are no part of Kubernetes. */
const objects = (): Thing[] =>
	unsealed().flatMap(({ type, inputs }) => (type.startsWith("kubernetes:") ? [inputs as unknown as Thing] : []));

const cluster = (): Record<string, unknown> => {
	const found = unsealed().find(({ type }) => type.endsWith(":DbCluster"));
	if (found === undefined) throw new Error("no DbCluster was registered");
	return { ...found.inputs };
};

describe.skipIf(unavailable !== undefined)("the objects of a component with a Keeper of its own", () => {
	let space: Space;
	let made: Thing[];

	beforeAll(async () => {
		space = await Space.open();
		await declare(
			{
				version: "1.8.0",
				namespace: space.namespace,
				storage: "1Gi",
				// No image of Keeper can be had where these tests run: what starts is another.
				keeper: { image: `${environment.image}:1.8.0`, storage: "1Gi", resources: { requests: { cpu: "10m" } } },
				ingress: { host: "analytics.example.com", className: "none" },
				networkPolicy: {
					clients: [{ namespaceLabels: { team: "shop" }, podLabels: {} }, { cidr: "203.0.113.0/24" }],
					apiServer: [{ cidr: "10.0.0.0/28" }],
					metrics: [{ podLabels: { app: "prometheus" } }],
					egress: [{ cidr: "0.0.0.0/0", ports: [443] }],
				},
				labels: { team: "data" },
			},
			{ name: "analytics" },
		);
		made = objects();
	});
	afterAll(() => space?.close());

	test("are accepted by the API server, as a dry run and for real, and stay as they are when applied again", async () => {
		expect(made.map(({ kind }) => kind).sort()).toEqual([
			"ConfigMap",
			"Ingress",
			"Namespace",
			"NetworkPolicy",
			"NetworkPolicy",
			"PodDisruptionBudget",
			"Secret",
			"Service",
			"ServiceAccount",
			"StatefulSet",
		]);
		for (const thing of made) await apply(space.api, thing, true);
		for (const thing of made) await apply(space.api, thing);
		const spec = async (thing: Thing) => {
			const { spec, data, metadata } = await apply(space.api, thing);
			return { spec, data, labels: metadata.labels, uid: metadata.uid };
		};
		for (const thing of made) expect(await spec(thing)).toEqual(await spec(thing));
	});

	test("the namespace keeps enforcing the restricted Pod Security, which admits Keeper's pods and would not admit laxer ones", async () => {
		const { spec } = made.find(({ kind }) => kind === "StatefulSet") as unknown as {
			spec: { template: { spec: { containers: object[]; volumes: object[] } } };
		};
		const pod = spec.template.spec;
		const volumes = [...pod.volumes, { name: "data", emptyDir: {} }];
		expect(await admitted(space.api, "strict", { spec: { ...pod, volumes } })).toMatchObject({ status: 201 });
		const lax = await admitted(space.api, "lax", { spec: { ...pod, volumes, securityContext: {} } });
		expect(lax.status).toBe(403);
		expect(lax.message).toContain('violates PodSecurity "restricted');
	});

	test("each Keeper reads a file of its own and has a volume of its own (no Keeper can be had here: its place is taken by `cat`)", async () => {
		const names = [0, 1, 2].map((ordinal) => `analytics-keeper-${ordinal}`);
		const set = structuredClone(made.find(({ kind }) => kind === "StatefulSet")) as Thing & {
			spec: { template: { spec: { containers: { command?: string[] }[] } } };
		};
		const read =
			"cat /etc/clickhouse-keeper/keeper_config.xml && touch /var/lib/clickhouse-keeper/written && sleep 600";
		for (const container of set.spec.template.spec.containers) container.command = ["sh", "-c", read];
		// Anew: pods that never got ready would be in the way of a rollout.
		await space.api.delete("statefulsets", set.metadata.name);
		const keepers = () => space.api.list<Pod>("pods", { labels: "pulumi-dbcluster/keeper=analytics" });
		await vi.waitFor(
			async () => {
				for (const pod of await keepers()) await space.kill(pod.metadata.name);
				expect(await keepers()).toEqual([]);
			},
			{ timeout: minute, interval: 500 },
		);
		await apply(space.api, set);
		const log = (pod: string) => space.api.log(pod, "keeper", { lines: 100, previous: false });
		await vi.waitFor(
			async () => {
				for (const [ordinal, pod] of names.entries()) {
					const text = await log(pod);
					expect(text).toContain(`<server_id>${ordinal + 1}</server_id>`);
					expect(text.match(/<hostname>analytics-keeper-\d\.analytics-keeper\..*\.svc</g)).toHaveLength(3);
				}
				const pods = await keepers();
				expect(pods.map(({ metadata }) => metadata.name).sort()).toEqual(names);
				for (const { status } of pods) expect(JSON.stringify(status)).toContain('"running"');
			},
			{ timeout: 2 * minute, interval: 500 },
		);
		const claims = await space.api.list<Pod>("persistentvolumeclaims", {});
		expect(claims.map(({ metadata }) => metadata.name).sort()).toEqual(names.map((name) => `data-${name}`));
	});
});

describe.skipIf(unavailable !== undefined)("a cluster of the component on an external Keeper", () => {
	let space: Space;
	let id: string;
	let outs: Record<string, unknown>;
	/** All that the provider printed, said or gave back. */
	const said: string[] = [];
	let processes: ProcessList;

	/** In the Role, `db-password` is the one Secret that may be read: so the component is named `db`. */
	const declareDb = (more: Partial<KubernetesDbClusterArgs> = {}) =>
		declare({ ...(space.component() as unknown as KubernetesDbClusterArgs), ...more }, { name: "db" });
	const ask = async (sql: string, password: string) =>
		queryAt(await space.endpoint("db"), sql, undefined, { login: { user: "app", password } });

	beforeAll(async () => {
		space = await Space.open();
		// The harness' own, of the same name.
		await space.api.delete("secrets", "db-password");
		for (const method of ["log", "warn", "error", "info"] as const)
			vi.spyOn(console, method).mockImplementation((...words) => void said.push(words.join(" ")));
		processes = new ProcessList();
		vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
	});
	afterAll(async () => {
		vi.restoreAllMocks();
		processes.stop();
		await space?.close();
	});

	test("is made by what is registered, with no right but those of the Role", async () => {
		await declareDb();
		for (const thing of objects()) await apply(space.api, thing);
		const { inputs, failures } = await provider.check({}, cluster());
		expect(failures).toEqual([]);
		const result = await provider.create(inputs);
		id = result.id;
		outs = result.outs ?? {};
		said.push(JSON.stringify({ ...outs, kubernetes: { ...(outs.kubernetes as object), kubeconfig: "" } }));
		expect(outs).toMatchObject({ state: "Started", version: "1.7.1" });
	});

	test("answers with the generated password through the client Service, and to no other", async () => {
		await vi.waitFor(async () => expect(await ask("SELECT 1", generated)).toBe("1"), {
			timeout: minute,
			interval: 200,
		});
		await expect(ask("SELECT 1", "wrong")).rejects.toThrow("Wrong password");
	});

	test("its pods run under the ServiceAccount, without its token", async () => {
		interface Full extends Pod {
			readonly spec: Pod["spec"] & { serviceAccountName: string; volumes: Record<string, unknown>[] };
		}
		const pods = await space.api.list<Full>("pods", {});
		expect(pods).toHaveLength(2);
		for (const { spec } of pods) {
			expect(spec.serviceAccountName).toBe("db");
			expect(spec.volumes.filter(({ projected }) => projected)).toEqual([]);
		}
	});

	test("its replicas hold the same rows", async () => {
		const table = `ReplicatedMergeTree('/${space.namespace}/rows', '{replica}', d, n, 8192)`;
		const sql = (pod: string, text: string) =>
			space.api.proxy(pod, 8123, {
				method: "POST",
				path: `/?${new URLSearchParams({ query: text })}`,
				headers: { "x-clickhouse-user": "app", "x-clickhouse-key": generated },
			});
		for (const pod of ["db-0-0", "db-0-1"])
			expect(await sql(pod, `CREATE TABLE rows (n UInt64, d Date) ENGINE = ${table}`)).toMatchObject({ status: 200 });
		await sql("db-0-0", "INSERT INTO rows VALUES (7, '2026-01-01')");
		await vi.waitFor(async () => expect((await sql("db-0-1", "SELECT n FROM rows")).text.trim()).toBe("7"), {
			timeout: minute,
			interval: 200,
		});
	});

	test("another generation of the password is rolled out, replica by replica", async () => {
		// Only an administrator may read Secrets of other names than the Role's.
		await declareDb({ passwordGeneration: 2, password: rotated, kubeconfig: environment.kubeconfig });
		for (const thing of objects()) await apply(space.api, thing);
		const { inputs, failures } = await provider.check(outs, cluster());
		expect(failures).toEqual([]);
		said.push(JSON.stringify(inputs.caveats ?? {}));
		const updated = await provider.update(id, outs, inputs);
		said.push(JSON.stringify(updated.outs));
		await vi.waitFor(async () => expect(await ask("SELECT n FROM rows", rotated)).toBe("7"), {
			timeout: minute,
			interval: 200,
		});
		await expect(ask("SELECT 1", generated)).rejects.toThrow("Wrong password");
	});

	test("no password is in what was said, nor in any object but its Secret, nor in events, logs and process lists", async () => {
		const kinds = ["configmaps", "services", "statefulsets", "pods", "persistentvolumeclaims", "events"] as const;
		const found: unknown[] = [];
		for (const kind of kinds) found.push(...(await space.api.list(kind, {})));
		for (const pod of ["db-0-0", "db-0-1"])
			found.push(await space.api.log(pod, "server", { lines: 10_000, previous: false }));
		const commands = processes.stop().join("\n");
		const all = [...said, JSON.stringify(found), commands].join("\n");
		// Not vacuous: the roll was heard, and the objects are those of the cluster.
		expect(said.join("\n")).toContain("draining db-0-1");
		expect(all).toContain("db-password-2");
		// Where a node is this machine, the probes were seen, too.
		if (commands.includes("clickhouse-server")) expect(commands).toContain("clickhouse-client --config-file");
		for (const word of [generated, rotated]) {
			expect(all).not.toContain(word);
			expect(all).not.toContain(Buffer.from(word).toString("base64"));
		}
	});
});
