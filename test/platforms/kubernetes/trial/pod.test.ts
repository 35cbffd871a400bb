import { describe, expect, test } from "vitest";
import type { StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import { type Trying, trialPod } from "../../../../src/platforms/kubernetes/trial/pod";

interface Rendered {
	readonly metadata: { readonly name: string; readonly labels: object; readonly annotations: Record<string, string> };
	readonly spec: Record<string, unknown> & {
		readonly containers: readonly Record<string, unknown>[];
		readonly volumes: readonly Record<string, unknown>[];
	};
}

const configFolder = "/etc/clickhouse-server/config.d";

/** As somebody else may have written it. */
function set({ container = {}, pod = {} } = {}, volumes: readonly object[] = []): StatefulSet {
	return {
		metadata: { name: "db-0" },
		spec: {
			replicas: 2,
			volumeClaimTemplates: [{ metadata: { name: "data" } }],
			template: {
				metadata: { labels: { app: "db", "pulumi-dbcluster/cluster": "db" }, annotations: { note: "kept" } },
				spec: {
					serviceAccountName: "db",
					imagePullSecrets: [{ name: "pull" }],
					tolerations: [{ key: "db" }],
					hostNetwork: true,
					affinity: { podAntiAffinity: {} },
					nodeSelector: { disk: "ssd" },
					topologySpreadConstraints: [{}],
					securityContext: { runAsUser: 101 },
					initContainers: [{ name: "config" }, { name: "proxy", restartPolicy: "Always" }],
					...pod,
					containers: [
						{
							name: "server",
							image: "db:1",
							ports: [{ containerPort: 9000, hostPort: 9000 }],
							env: [{ name: "CLICKHOUSE_USER", value: "u" }],
							resources: { requests: { cpu: "8", memory: "64Gi" }, limits: { memory: "64Gi" } },
							livenessProbe: { exec: {} },
							readinessProbe: { exec: {} },
							startupProbe: { exec: {} },
							lifecycle: { postStart: {} },
							volumeMounts: [{ name: "data", mountPath: "/var/lib/clickhouse" }],
							...container,
						},
						{ name: "exporter", image: "exporter" },
					],
					volumes: [
						{ name: "host", hostPath: { path: "/mnt" } },
						{ name: "claimed", persistentVolumeClaim: { claimName: "x" } },
						{ name: "config", configMap: { name: "db-config", defaultMode: 292 } },
						{ name: "keys", secret: { secretName: "keys" } },
						...volumes,
					],
				},
			},
		},
	} as unknown as StatefulSet;
}

const of = (more: Partial<Trying> = {}) =>
	trialPod({
		cluster: "db",
		owner: { uid: "u1" },
		set: set(),
		image: { reference: "db:2@sha256:1" } as Trying["image"],
		node: "node-1",
		index: 0,
		what: "start",
		configFolder,
		settings: "<yandex/>",
		httpPort: 8123,
		...more,
	}) as unknown as Rendered;

describe("the pod of a rehearsal", () => {
	const { metadata, spec } = of();
	const [server = {}, ...others] = spec.containers;

	test("belongs to no selector of the cluster, and to its record", () => {
		expect(metadata).toMatchObject({
			name: "db-trial-0",
			labels: { "app.kubernetes.io/managed-by": "pulumi-dbcluster", "pulumi-dbcluster/trial": "db" },
			annotations: { note: "kept" },
			ownerReferences: [{ kind: "ConfigMap", name: "db-dbcluster", uid: "u1" }],
		});
		expect(Object.keys(metadata.labels)).toHaveLength(2);
	});

	test("runs the image as a replica would, on the node of one, and nothing but its server", () => {
		expect(others).toEqual([]);
		expect(server).toMatchObject({ image: "db:2@sha256:1", env: [{ name: "CLICKHOUSE_USER", value: "u" }] });
		expect(spec).toMatchObject({
			serviceAccountName: "db",
			imagePullSecrets: [{ name: "pull" }],
			tolerations: [{ key: "db" }],
			securityContext: { runAsUser: 101 },
			restartPolicy: "Never",
			activeDeadlineSeconds: 3600,
			initContainers: [{ name: "config" }],
		});
		for (const field of ["nodeSelector", "topologySpreadConstraints", "hostNetwork"])
			expect(spec).not.toHaveProperty(field);
	});

	test("is on the node of that name, whatever the node's labels say", () =>
		expect(spec.affinity).toEqual({
			nodeAffinity: {
				requiredDuringSchedulingIgnoredDuringExecution: {
					nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] }],
				},
			},
		}));

	test("drives no other pod from its node", () => {
		const { spec: its } = of({ set: set({ pod: { priorityClassName: "high", preemptionPolicy: "Never" } }) });
		for (const field of ["priorityClassName", "preemptionPolicy"]) expect(its).not.toHaveProperty(field);
	});

	test("fits on a node that a replica fills, and takes no port of the node", () => {
		expect(server.resources).toEqual({ limits: { memory: "64Gi" }, requests: { cpu: "10m", memory: "64Mi" } });
		expect(server).not.toHaveProperty("ports");
	});

	test("asks only whether the server answers", () => {
		expect(server.readinessProbe).toEqual({ httpGet: { path: "/ping", port: 8123 }, periodSeconds: 1 });
		for (const field of ["livenessProbe", "startupProbe", "lifecycle"]) expect(server).not.toHaveProperty(field);
	});

	test("has an empty folder in place of everything that may hold data", () => {
		const byName = Object.fromEntries(spec.volumes.map(({ name, ...source }) => [name, source]));
		expect(byName).toMatchObject({
			host: { emptyDir: {} },
			claimed: { emptyDir: {} },
			data: { emptyDir: {} },
			config: { configMap: { name: "db-config", defaultMode: 292 } },
			keys: { secret: { secretName: "keys" } },
		});
		expect(spec.volumes).toHaveLength(7);
	});

	test("has what a driver makes for each pod anew, such as keys", () => {
		const keys = { name: "vault", csi: { driver: "secrets-store.csi.k8s.io" } };
		expect(of({ set: set({}, [keys]) }).spec.volumes).toContainEqual(keys);
	});

	test("runs none of what an image's entrypoint runs on an empty volume", () => {
		const volumeMounts = [{ name: "config", mountPath: "/docker-entrypoint-initdb.d/a.sql", subPath: "a.sql" }];
		const { spec: its } = of({ set: set({ container: { volumeMounts } }) });
		const [server] = its.containers as readonly { readonly volumeMounts: readonly object[] }[];
		expect(server?.volumeMounts).toContainEqual({ name: "trial-init", mountPath: "/docker-entrypoint-initdb.d" });
		expect(JSON.stringify(server)).not.toContain("a.sql");
		expect(its.volumes).toContainEqual({ name: "trial-init", emptyDir: {} });
	});

	test("has settings without Keeper, as one more file", () => {
		expect(metadata.annotations["pulumi-dbcluster/trial-settings"]).toBe("<yandex/>");
		expect(server.volumeMounts).toContainEqual({
			name: "trial",
			mountPath: `${configFolder}/zz-dbcluster-trial.xml`,
			subPath: "zz-dbcluster-trial.xml",
			readOnly: true,
		});
	});

	test("has them beside a ConfigMap that is the whole folder", () => {
		const volumeMounts = [{ name: "config", mountPath: `${configFolder}/` }];
		const { spec: its } = of({ set: set({ container: { volumeMounts } }) });
		expect(its.containers[0]?.volumeMounts).toEqual([...volumeMounts, expect.objectContaining({ name: "trial-init" })]);
		expect(its.volumes.find(({ name }) => name === "config")).toEqual({
			name: "config",
			projected: {
				defaultMode: 292,
				sources: [
					{ configMap: { name: "db-config" } },
					{ downwardAPI: { items: [expect.objectContaining({ path: "zz-dbcluster-trial.xml" })] } },
				],
			},
		});
	});

	test.each([
		["/etc/clickhouse-server", "config.d/zz-dbcluster-trial.xml"],
		["/etc", "clickhouse-server/config.d/zz-dbcluster-trial.xml"],
	])("has them inside a ConfigMap that is all of %s, into which no file can be mounted", (mountPath, path) => {
		const { spec: its } = of({ set: set({ container: { volumeMounts: [{ name: "config", mountPath }] } }) });
		expect(its.volumes.find(({ name }) => name === "config")).toMatchObject({
			projected: {
				sources: [
					{ configMap: { name: "db-config" } },
					{ downwardAPI: { items: [expect.objectContaining({ path })] } },
				],
			},
		});
		expect(JSON.stringify(its.containers)).not.toContain("zz-dbcluster-trial.xml");
	});

	test("has them in the innermost of two folders", () => {
		const volumeMounts = [
			{ name: "config", mountPath: "/etc/clickhouse-server" },
			{ name: "made", mountPath: configFolder },
		];
		const { spec: its } = of({ set: set({ container: { volumeMounts } }, [{ name: "made", emptyDir: {} }]) });
		expect(its.containers[0]?.volumeMounts).toContainEqual(
			expect.objectContaining({ name: "trial", mountPath: `${configFolder}/zz-dbcluster-trial.xml` }),
		);
	});

	test("has them beside a Secret that is the whole folder, and inside one that an init container fills", () => {
		const inFolder = (name: string) =>
			of({
				set: set({ container: { volumeMounts: [{ name, mountPath: configFolder }] } }, [
					{ name: "made", emptyDir: {} },
				]),
			}).spec;
		expect(inFolder("keys").volumes.find(({ name }) => name === "keys")).toMatchObject({
			projected: { sources: [{ secret: { name: "keys" } }, { downwardAPI: {} }] },
		});
		expect(inFolder("made").containers[0]?.volumeMounts).toContainEqual(
			expect.objectContaining({ name: "trial", mountPath: `${configFolder}/zz-dbcluster-trial.xml` }),
		);
	});

	test("tries the shell that the replicas' startup probe runs, before its server", () => {
		const container = {
			startupProbe: { exec: { command: ["sh", "-c", "ask"] } },
			imagePullPolicy: "Always",
			securityContext: { allowPrivilegeEscalation: false },
		};
		const { spec: its } = of({ set: set({ container }) });
		expect(its.initContainers).toEqual([
			{ name: "config" },
			{
				name: "trial-shell",
				image: "db:2@sha256:1",
				command: ["sh", "-c", "exit 0"],
				imagePullPolicy: "Always",
				securityContext: { allowPrivilegeEscalation: false },
				resources: its.containers[0]?.resources,
			},
		]);
		expect(its.containers[0]).not.toHaveProperty("startupProbe");
		const asked = { startupProbe: { exec: { command: ["clickhouse-client", "--query", "SELECT 1"] } } };
		expect(of({ set: set({ container: asked }) }).spec.initContainers).toEqual([{ name: "config" }]);
	});

	test("that only pulls the image runs its program, and no init container", () => {
		const { spec: its } = of({ what: "image", index: 3 });
		expect(its.containers[0]).toMatchObject({ command: ["clickhouse-server", "--version"], args: undefined });
		expect(its).not.toHaveProperty("initContainers");
	});

	test("of a stopped cluster is placed as a replica would be", () =>
		expect(of({ node: undefined }).spec).toMatchObject({
			affinity: { podAntiAffinity: {} },
			nodeSelector: { disk: "ssd" },
		}));
});
