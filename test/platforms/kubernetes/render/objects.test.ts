import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { statefulSet, surroundings } from "../../../../src/platforms/kubernetes/render/objects";
import { isSurplus } from "../../../../src/platforms/kubernetes/render/pod";
import { serverConfig } from "../../../../src/platforms/kubernetes/render/server-config";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { kept, type Shape } from "../../../../src/platforms/kubernetes/render/shape";
import { v } from "../../../build";

function shape(more: Record<string, unknown> = {}): Shape {
	const read = readSettings({
		namespace: "ns",
		image: "myscale/myscaledb",
		passwordSecret: { name: "db-password" },
		kubeconfig: "apiVersion: v1\nsecret",
		...more,
	});
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	return { name: "db", namespace: "ns", shards: 2, replicas: 2, settings: kept(read.settings) };
}

const image = { reference: "myscale/myscaledb:1.8.0@sha256:1", version: v("1.8.0"), pullAlways: false };
// biome-ignore lint/suspicious/noExplicitAny: what is rendered is checked field by field
const rendered = (more?: Record<string, unknown>, live: object = { replicas: 2 }): any =>
	statefulSet(shape(more), 1, image, live as { replicas: number });

describe("the objects of a cluster", () => {
	it("are all that belongs to it, each named after it", () => {
		expect(surroundings(shape()).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
			"ConfigMap db-config",
			"Service db-headless",
			"PodDisruptionBudget db-0",
			"Service db-0-0",
			"Service db-0-1",
			"PodDisruptionBudget db-1",
			"Service db-1-0",
			"Service db-1-1",
			"Service db",
		]);
	});

	it("all have the label by which they are found", () => {
		for (const { metadata } of [...surroundings(shape()), rendered()])
			expect(metadata.labels["pulumi-dbcluster/cluster"]).toBe("db");
	});

	it("take a drained pod out of the client Service alone", () => {
		const services: Record<string, object> = Object.fromEntries(
			surroundings(shape()).flatMap(({ kind, metadata, spec }) =>
				kind === "Service" ? [[metadata.name, (spec as { selector: object }).selector]] : [],
			),
		);
		const { selector, template } = rendered().spec;
		const drained = { ...template.metadata.labels, "statefulset.kubernetes.io/pod-name": "db-1-0" };
		delete drained["pulumi-dbcluster/clients"];
		expect(template.metadata.labels).toMatchObject(services.db ?? {});
		expect(drained).not.toMatchObject(services.db ?? {});
		expect(drained).toMatchObject(services["db-headless"] ?? {});
		expect(drained).toMatchObject(services["db-1-0"] ?? {});
		expect(drained).toMatchObject(selector.matchLabels);
	});

	it("hold no way to the cluster, which has credentials", () => {
		expect(JSON.stringify([shape(), surroundings(shape()), rendered()])).not.toContain('secret"');
		expect(JSON.stringify([shape(), surroundings(shape()), rendered()])).not.toContain("apiVersion: v1");
	});
});

describe("a StatefulSet", () => {
	it("leaves every pod to the roll, and starts all of them at once", () => {
		expect(rendered().spec).toMatchObject({
			updateStrategy: { type: "OnDelete" },
			podManagementPolicy: "Parallel",
			persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
		});
	});

	it("keeps what the live one has: its size under its resourceVersion, and its volumes", () => {
		const set = rendered({}, { replicas: 0, resourceVersion: "7", volumeClaimTemplates: ["as it is"] });
		expect(set.metadata.resourceVersion).toBe("7");
		expect(set.spec.replicas).toBe(0);
		expect(set.spec.volumeClaimTemplates).toEqual(["as it is"]);
	});

	it("fits the restricted Pod Security", () => {
		const { securityContext, containers, automountServiceAccountToken } = rendered().spec.template.spec;
		expect(automountServiceAccountToken).toBe(false);
		expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
		expect(containers[0].securityContext).toMatchObject({
			allowPrivilegeEscalation: false,
			capabilities: { drop: ["ALL"] },
		});
	});

	it("names the password by reference only", () => {
		const { env } = rendered().spec.template.spec.containers[0];
		expect(env.find(({ name }: { name: string }) => name === "CLICKHOUSE_PASSWORD")).toEqual({
			name: "CLICKHOUSE_PASSWORD",
			valueFrom: { secretKeyRef: { name: "db-password", key: "password" } },
		});
	});

	it("with a read-only root has a place for all that the server writes", () => {
		const { containers, volumes } = rendered({ readOnlyRootFilesystem: true }).spec.template.spec;
		const mounted = containers[0].volumeMounts.map(({ name }: { name: string }) => name);
		expect(mounted).toEqual(expect.arrayContaining(["users", "logs", "tmp", "data", "config"]));
		expect(volumes.map(({ name }: { name: string }) => name).sort()).toEqual(["config", "logs", "tmp", "users"]);
	});

	it("is another pod when the configuration is another", () => {
		const more = { config: { "more.xml": "<clickhouse/>" } };
		const hash = (given?: Record<string, unknown>) =>
			rendered(given).spec.template.metadata.annotations["pulumi-dbcluster/template"];
		expect(hash()).toMatch(/^[0-9a-f]{16}$/);
		expect(hash()).toBe(hash({}));
		const others = [more, { resources: { limits: { memory: "4Gi" } } }, { annotations: { a: "b" } }, { user: "app" }];
		expect(new Set([undefined, ...others].map(hash)).size).toBe(others.length + 1);
		const newer = { reference: "myscale/myscaledb:1.9.0@sha256:2", version: v("1.9.0"), pullAlways: true };
		const { spec } = statefulSet(shape(), 1, newer, { replicas: 2 }) as unknown as ReturnType<typeof rendered>;
		expect(spec.template.metadata.annotations["pulumi-dbcluster/template"]).toBe(hash());
	});

	it("lets no replica beyond its size get ready, and is no other pod for another size", () => {
		const of = (replicas: number) =>
			statefulSet({ ...shape(), replicas }, 1, image, { replicas }) as unknown as ReturnType<typeof rendered>;
		const { metadata, spec } = of(2).spec.template;
		const [{ env, startupProbe }] = spec.containers;
		expect(metadata.annotations["pulumi-dbcluster/size"]).toBe("2");
		expect(env).toContainEqual({
			name: "DBCLUSTER_SIZE",
			valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.annotations['pulumi-dbcluster/size']" } },
		});
		expect(of(3).spec.template.spec).toEqual(spec);
		const [shell, option, script] = startupProbe.exec.command;
		const probe = `client() { echo 0; }; ${script.replaceAll("clickhouse-client", "client")}`;
		const isReady = (ordinal: number, size: string) =>
			spawnSync(shell, [option, probe], {
				env: { PATH: process.env.PATH, DBCLUSTER_REPLICA: `db-1-${ordinal}`, DBCLUSTER_SIZE: size },
			}).status === 0;
		expect([0, 1, 2, 10].map((ordinal) => isReady(ordinal, "2"))).toEqual([true, true, false, false]);
		expect(isReady(10, "11")).toBe(true);
		const pod = (name: string) => ({ metadata: { ...metadata, name } });
		expect(["db-1-1", "db-1-2", "db-1-10"].map((name) => isSurplus(pod(name)))).toEqual([false, true, true]);
		expect(isSurplus({ metadata: { name: "db-1-9" } })).toBe(false);
	});

	it("marks each query of the startup probe within it: old servers log none of a comment at its end", () => {
		const [, , script] = rendered().spec.template.spec.containers[0].startupProbe.exec.command as string[];
		const queries = script?.match(/--query "[^"]*"/g) ?? [];
		expect(queries).toHaveLength(4);
		for (const query of queries) expect(query).toMatch(/^--query "SELECT [/][*] pulumi-dbcluster [*][/] \S/);
	});

	it("lets a replica that is not well get ready after two minutes", () => {
		const [shell, option, script] = rendered().spec.template.spec.containers[0].startupProbe.exec.command;
		const isReady = (well: string, isYoung: 0 | 1) => {
			const client = `client() { case "$*" in *system.clusters*) ${well} ;; *"uptime()"*) echo ${isYoung} ;; *) echo 0 ;; esac; }`;
			const probe = `${client}; ${script.replaceAll("clickhouse-client", "client")}`;
			const env = { PATH: process.env.PATH, DBCLUSTER_REPLICA: "db-1-0", DBCLUSTER_SIZE: "2" };
			return spawnSync(shell, [option, probe], { env }).status === 0;
		};
		expect(["echo 0", "echo 3", "false"].map((well) => isReady(well, 1))).toEqual([true, false, false]);
		expect(["echo 0", "echo 3", "false"].map((well) => isReady(well, 0))).toEqual([true, true, true]);
	});

	it("is the same pod, out of clients' reach, while replicas join", () => {
		const made = (joining: boolean) => rendered({}, { replicas: 2, joining }).spec.template.metadata;
		expect(made(true).annotations).toEqual(made(false).annotations);
		expect(made(false).labels).toEqual({ ...made(true).labels, "pulumi-dbcluster/clients": "db" });
		expect(made(true).labels).not.toHaveProperty("pulumi-dbcluster/clients");
	});
});

describe("the server's configuration", () => {
	it("names headless pod names to each other, and the replica's Service for fetching", () => {
		const text = serverConfig(shape({ keeper: ["keeper-0.keeper:2182", "keeper-1.keeper"] }))["config-dbcluster.xml"];
		for (const host of ["db-0-0", "db-0-1", "db-1-0", "db-1-1"])
			expect(text).toContain(`<host>${host}.db-headless.ns.svc</host>`);
		expect(text).toContain('<interserver_http_host from_env="DBCLUSTER_INTERSERVER_HOST"/>');
		expect(text).toContain('<node index="1"><host>keeper-0.keeper</host><port>2182</port></node>');
		expect(text).toContain('<node index="2"><host>keeper-1.keeper</host><port>2181</port></node>');
		expect(rendered().spec.template.spec.containers[0].env).toContainEqual({
			name: "DBCLUSTER_INTERSERVER_HOST",
			value: "$(DBCLUSTER_REPLICA).ns.svc",
		});
	});

	it("has IPv6 addresses of Keeper in brackets: a server joins host and port with a colon", () => {
		const text = serverConfig(shape({ keeper: ["[fd00::10]", "[fd00::11]:2182"] }))["config-dbcluster.xml"];
		expect(text).toContain('<node index="1"><host>[fd00::10]</host><port>2181</port></node>');
		expect(text).toContain('<node index="2"><host>[fd00::11]</host><port>2182</port></node>');
	});

	it("has the root that old servers want", () => {
		expect(serverConfig(shape({ configRoot: "yandex" }))["config-dbcluster.xml"]).toMatch(
			/^<yandex>[\s\S]*<\/yandex>\n$/,
		);
	});

	it("leaves the user's files as they are", () => {
		const data = serverConfig(shape({ config: { "a.xml": "<yandex/>" }, users: { "a.xml": "<clickhouse/>" } }));
		expect(data).toMatchObject({ "config-a.xml": "<yandex/>", "users-a.xml": "<clickhouse/>" });
	});
});
