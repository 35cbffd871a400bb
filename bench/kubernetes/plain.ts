import type { KubeObject } from "../../src/platforms/kubernetes/api/types";
import { environment, type Space } from "../../test/kubernetes/harness";

/**
 * What people write by hand: a StatefulSet that rolls by itself, with a readiness probe on /ping, and a Service. The
 * same image, Keeper, size of volume and requests as ours.
 */
export const plain = { name: "plain", replicas: ["plain-0", "plain-1"] } as const;

const labels = { app: plain.name };
const head = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name, labels } });

export async function makePlain({ api, namespace }: Space, image: string): Promise<void> {
	const service = (name: string, spec: object): KubeObject => ({
		...head("v1", "Service", name),
		spec: { selector: labels, ports: [{ name: "http", port: 8123 }], ...spec },
	});
	await api.create("configmaps", {
		...head("v1", "ConfigMap", plain.name),
		data: { "plain.xml": settings(namespace) },
	});
	await api.create(
		"services",
		service(`${plain.name}-headless`, { clusterIP: "None", publishNotReadyAddresses: true }),
	);
	await api.create("services", service(plain.name, { type: "NodePort" }));
	await api.create("statefulsets", {
		...head("apps/v1", "StatefulSet", plain.name),
		spec: {
			replicas: plain.replicas.length,
			serviceName: `${plain.name}-headless`,
			podManagementPolicy: "Parallel",
			updateStrategy: { type: "RollingUpdate" },
			selector: { matchLabels: labels },
			template: { metadata: { labels }, spec: pod(namespace, image) },
			volumeClaimTemplates: [
				{
					metadata: { name: "data" },
					spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
				},
			],
		},
	});
}

function pod(namespace: string, image: string): object {
	const secret = { secretKeyRef: { name: "db-password", key: "password" } };
	return {
		terminationGracePeriodSeconds: 40,
		securityContext: {
			runAsNonRoot: true,
			runAsUser: 101,
			runAsGroup: 101,
			fsGroup: 101,
			seccompProfile: { type: "RuntimeDefault" },
		},
		containers: [
			{
				name: "server",
				image,
				env: [
					{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
					{ name: "HOST", value: `$(POD).${plain.name}-headless.${namespace}.svc` },
					{ name: "CLICKHOUSE_USER", value: "app" },
					{ name: "CLICKHOUSE_PASSWORD", valueFrom: secret },
				],
				ports: [{ name: "http", containerPort: 8123 }],
				resources: { requests: { cpu: "10m", memory: "64Mi" } },
				securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
				readinessProbe: { httpGet: { path: "/ping", port: "http" }, periodSeconds: 1 },
				volumeMounts: [
					{ name: "data", mountPath: "/var/lib/clickhouse" },
					{ name: "config", mountPath: "/etc/clickhouse-server/config.d/plain.xml", subPath: "plain.xml" },
				],
			},
		],
		volumes: [{ name: "config", configMap: { name: plain.name } }],
	};
}

function settings(namespace: string): string {
	const { configRoot, keeper } = environment;
	const [host, port = "2181"] = keeper.split(":");
	const members = plain.replicas.map(
		(replica) => `<replica><host>${replica}.${plain.name}-headless.${namespace}.svc</host><port>9000</port></replica>`,
	);
	return `<${configRoot}>
  <listen_host>0.0.0.0</listen_host>
  <interserver_http_host from_env="HOST"/>
  <interserver_http_port>9009</interserver_http_port>
  <macros><shard>0</shard><replica from_env="POD"/></macros>
  <remote_servers><plain><shard>${members.join("")}</shard></plain></remote_servers>
  <zookeeper><node><host>${host}</host><port>${port}</port></node></zookeeper>
</${configRoot}>
`;
}
