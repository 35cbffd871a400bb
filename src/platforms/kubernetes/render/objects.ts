import type { KubeObject } from "../api/types";
import { clientServiceName, configName, dataVolume, headlessName, label, ports, replicaName, shardName } from "./names";
import { type Image, objectLabels, podTemplate, shardLabels, type WhileJoining } from "./pod";
import { indexes, serverConfig } from "./server-config";
import type { Shape } from "./shape";

/** Everything but the StatefulSets: it may be applied at any time without touching a pod. */
export function surroundings(shape: Shape): KubeObject[] {
	return [
		{ ...head(shape, "v1", "ConfigMap", configName(shape.name)), data: serverConfig(shape) },
		headlessService(shape),
		...indexes(shape.shards).flatMap((shard) => [
			disruptionBudget(shape, shard),
			...indexes(shape.replicas).map((ordinal) => replicaService(shape, replicaName(shape, shard, ordinal))),
		]),
		clientService(shape),
	];
}

/** All that a new cluster consists of. */
export const wholeCluster = (shape: Shape, image: Image): KubeObject[] => [
	...surroundings(shape),
	...indexes(shape.shards).map((shard) => statefulSet(shape, shard, image, { replicas: shape.replicas })),
];

/** The fields of a live StatefulSet that must stay. */
export interface Live extends WhileJoining {
	/** 0 while stopped or idle. */
	readonly replicas: number;
	/** A precondition: it was not scaled in between. */
	readonly resourceVersion?: string;
	/** Can't be changed; volumes grow by their claims. */
	readonly volumeClaimTemplates?: unknown;
}

/**
 * OnDelete, so that only the rollout replaces pods, and one that is lost comes back from the newest template. Parallel,
 * so that a pod which never gets ready keeps no other from starting.
 */
export function statefulSet(shape: Shape, shard: number, image: Image, live: Live): KubeObject {
	const object = head(shape, "apps/v1", "StatefulSet", shardName(shape, shard));
	return {
		...object,
		metadata: {
			...object.metadata,
			labels: { ...object.metadata.labels, ...shardLabels(shape, shard) },
			...(live.resourceVersion && { resourceVersion: live.resourceVersion }),
		},
		spec: {
			replicas: live.replicas,
			serviceName: headlessName(shape.name),
			podManagementPolicy: "Parallel",
			updateStrategy: { type: "OnDelete" },
			persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
			revisionHistoryLimit: 10,
			selector: { matchLabels: shardLabels(shape, shard) },
			template: podTemplate(shape, shard, image, live),
			volumeClaimTemplates: live.volumeClaimTemplates ?? [volumeClaim(shape, shard)],
		},
	};
}

function volumeClaim(shape: Shape, shard: number): object {
	const { storage, storageClass } = shape.settings;
	return {
		apiVersion: "v1",
		kind: "PersistentVolumeClaim",
		metadata: { name: dataVolume, labels: shardLabels(shape, shard) },
		spec: {
			accessModes: ["ReadWriteOnce"],
			resources: { requests: { storage } },
			...(storageClass && { storageClassName: storageClass }),
		},
	};
}

function headlessService(shape: Shape): KubeObject {
	return service(shape, headlessName(shape.name), {
		clusterIP: "None",
		// A starting server connects to its peers, and they to it, before any of them is ready.
		publishNotReadyAddresses: true,
		selector: { [label.cluster]: shape.name },
		ports: servicePorts("http", "native", "interserver", "metrics"),
	});
}

function replicaService(shape: Shape, replica: string): KubeObject {
	return service(shape, replica, {
		type: "ClusterIP",
		publishNotReadyAddresses: true,
		selector: { "statefulset.kubernetes.io/pod-name": replica },
		ports: servicePorts("interserver"),
	});
}

function clientService(shape: Shape): KubeObject {
	const { type, annotations } = shape.settings.service;
	const made = service(shape, clientServiceName(shape.name), {
		type,
		selector: { [label.cluster]: shape.name, [label.clients]: clientServiceName(shape.name) },
		ports: servicePorts("http", "native"),
	});
	return { ...made, metadata: { ...made.metadata, annotations } };
}

function disruptionBudget(shape: Shape, shard: number): KubeObject {
	return {
		...head(shape, "policy/v1", "PodDisruptionBudget", shardName(shape, shard)),
		spec: {
			maxUnavailable: 1,
			selector: { matchLabels: shardLabels(shape, shard) },
			// A pod that is down protects nothing, and would keep its node from being drained.
			unhealthyPodEvictionPolicy: "AlwaysAllow",
		},
	};
}

function service(shape: Shape, name: string, spec: object): KubeObject {
	return { ...head(shape, "v1", "Service", name), spec };
}

const servicePorts = (...names: (keyof typeof ports)[]) =>
	names.map((name) => ({ name, port: ports[name], targetPort: ports[name], protocol: "TCP" }));

function head(shape: Shape, apiVersion: string, kind: string, name: string): KubeObject {
	return { apiVersion, kind, metadata: { name, namespace: shape.namespace, labels: objectLabels(shape) } };
}
