import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { restricted, spread } from "../../platforms/kubernetes/render/restricted";
import { keeperConfig, keeperData, keeperHosts, keeperName, keeperPorts } from "./keeper-config";
import { keeperLabel, labels, metadata, type Scope, skipAwait } from "./scope";

/** Pinned: Keeper is updated after the servers, and on purpose. */
const keeperImage = "clickhouse/clickhouse-keeper:25.8.30.16";
const keeperReplicas = 3;

/** ClickHouse Keeper as a StatefulSet of its own, which must be there before servers start, or the hosts that are given. */
export function keeper(scope: Scope) {
	const { cluster, component, namespace, args, opts } = scope;
	const { hosts, replicas = keeperReplicas } = args.keeper ?? {};
	if (hosts !== undefined) return { hosts, made: [] };

	const name = keeperName(cluster);
	const logical = keeperName(component);
	const selector = { [keeperLabel]: cluster };
	const config = new kubernetes.core.v1.ConfigMap(
		logical,
		{
			metadata: metadata(scope, name),
			data: pulumi.output(namespace).apply((where) => keeperConfig(cluster, where, replicas)),
		},
		// An ensemble keeps its size: two empty newcomers would outvote the one that has the data.
		{ ...opts, ignoreChanges: ["data"] },
	);
	const service = new kubernetes.core.v1.Service(
		logical,
		{
			// Its endpoints come with the StatefulSet, which waits for it.
			metadata: { ...metadata(scope, name), annotations: skipAwait },
			spec: {
				clusterIP: "None",
				// They must find each other before any of them is ready.
				publishNotReadyAddresses: true,
				selector,
				ports: [port("client"), port("raft")],
			},
		},
		opts,
	);
	const budget = new kubernetes.policy.v1.PodDisruptionBudget(
		logical,
		{
			metadata: metadata(scope, name),
			spec: { maxUnavailable: 1, selector: { matchLabels: selector }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
		},
		opts,
	);
	const set = new kubernetes.apps.v1.StatefulSet(
		logical,
		{
			metadata: metadata(scope, name),
			spec: {
				replicas,
				serviceName: name,
				// None gets ready before most of them run.
				podManagementPolicy: "Parallel",
				updateStrategy: { type: "RollingUpdate" },
				persistentVolumeClaimRetentionPolicy: {
					whenDeleted: args.deletionPolicy === "Delete" ? "Delete" : "Retain",
					whenScaled: "Retain",
				},
				selector: { matchLabels: selector },
				template: {
					metadata: { labels: labels(cluster, args.labels, selector) },
					spec: podSpec(scope, selector),
				},
				volumeClaimTemplates: [volumeClaim(scope, selector)],
			},
		},
		{ ...opts, dependsOn: [config, service], ignoreChanges: ["spec.replicas", "spec.volumeClaimTemplates"] },
	);
	return {
		// As many as the ensemble has, whatever its size is asked to be by now.
		hosts: pulumi
			.all([namespace, config.data])
			.apply(([where, files]) => keeperHosts(cluster, where, Object.keys(files).length))
			.apply((hosts) => hosts.map((host) => `${host}:${keeperPorts.client}`)),
		made: [set, budget],
	};
}

const port = (name: keyof typeof keeperPorts) => ({
	name,
	port: keeperPorts[name],
	targetPort: keeperPorts[name],
	protocol: "TCP",
});

function podSpec({ cluster, args }: Scope, selector: Record<string, string>): kubernetes.types.input.core.v1.PodSpec {
	const { image = keeperImage, resources = { requests: { cpu: "250m", memory: "512Mi" } } } = args.keeper ?? {};
	return {
		serviceAccountName: cluster,
		automountServiceAccountToken: false,
		imagePullSecrets: pulumi.output(args.imagePullSecrets ?? []).apply((names) => names.map((name) => ({ name }))),
		nodeSelector: args.nodeSelector,
		tolerations: args.tolerations,
		securityContext: restricted.pod,
		topologySpreadConstraints: spread(selector),
		containers: [
			{
				name: "keeper",
				image,
				env: [
					{ name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
					// The image's entrypoint makes its folders there.
					{ name: "CLICKHOUSE_DATA_DIR", value: keeperData },
				],
				ports: Object.entries(keeperPorts).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
				resources,
				securityContext: restricted.container(true),
				// Ready is one that knows a leader: a rollout that would break the majority stops.
				readinessProbe: { httpGet: { path: "/ready", port: "control" }, periodSeconds: 5, timeoutSeconds: 5 },
				livenessProbe: { tcpSocket: { port: "client" }, periodSeconds: 10, failureThreshold: 30 },
				terminationMessagePolicy: "FallbackToLogsOnError",
				volumeMounts: [
					{ name: "data", mountPath: keeperData },
					{
						name: "config",
						mountPath: "/etc/clickhouse-keeper/keeper_config.xml",
						subPathExpr: "$(POD_NAME).xml",
						readOnly: true,
					},
					{ name: "logs", mountPath: "/var/log/clickhouse-keeper" },
					{ name: "tmp", mountPath: "/tmp" },
				],
			},
		],
		volumes: [
			{ name: "config", configMap: { name: keeperName(cluster), defaultMode: 0o444 } },
			{ name: "logs", emptyDir: {} },
			{ name: "tmp", emptyDir: {} },
		],
	};
}

function volumeClaim(
	{ args }: Scope,
	selector: Record<string, string>,
): kubernetes.types.input.core.v1.PersistentVolumeClaim {
	return {
		apiVersion: "v1",
		kind: "PersistentVolumeClaim",
		metadata: { name: "data", labels: selector },
		spec: {
			accessModes: ["ReadWriteOnce"],
			resources: { requests: { storage: args.keeper?.storage ?? "10Gi" } },
			storageClassName: args.storageClass,
		},
	};
}
