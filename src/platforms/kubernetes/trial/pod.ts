import type { KubeObject, StatefulSet } from "../api/types";
import { annotation, containerOf, recordName, serverIn, trialConfigName } from "../render/names";
import type { Image } from "../render/pod";
import { serverConfig } from "../render/server-config";
import type { Shape } from "../render/shape";

/** On a pod that only tries a version: the cluster for which it does. No selector of the cluster matches it. */
export const trialLabel = "pulumi-dbcluster/trial";
/** On the same: the settings with which its server keeps to itself. */
const settingsAnnotation = "pulumi-dbcluster/trial-settings";

const settingsFile = "zz-dbcluster-trial.xml";
/** What the image's entrypoint runs on an empty volume, such as CREATE TABLE: a replica, which has data, never does. */
const initFolder = "/docker-entrypoint-initdb.d";

/** Before the server starts, what the replicas' startup probe needs is tried: a server that answers does not show it. */
export const shellTrial = "trial-shell";

/** After this long the kubelet ends it, whatever became of the process that made it: tens of thousands of tables take less. */
const deadlineSeconds = 3600;

type Json = Record<string, unknown>;
interface Mount {
	readonly name: string;
	readonly mountPath: string;
	readonly subPath?: string;
}
interface Spec extends Json {
	readonly containers: readonly Json[];
	readonly volumes?: readonly Json[];
	readonly initContainers?: readonly Json[];
}

export interface Trying {
	readonly cluster: string;
	/** Of the cluster's record, which owns the pod. */
	readonly owner: { readonly uid: string };
	readonly set: StatefulSet;
	readonly image: Pick<Image, "reference">;
	/** Absent if the scheduler is to choose one, as for a replica. */
	readonly node: string | undefined;
	readonly index: number;
	/** `start` runs the server; `image` only its program, to tell its version. */
	readonly what: "start" | "image";
	/** Of which the server merges the files. */
	readonly configFolder: string;
	/** What keeps the server apart, as XML. */
	readonly settings: string;
	readonly httpPort: number;
}

const ownedBy = (cluster: string, { uid }: { readonly uid: string }) => ({
	labels: { "app.kubernetes.io/managed-by": "pulumi-dbcluster", [trialLabel]: cluster },
	ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: recordName(cluster), uid }],
});

/** The files of configuration that are tried, beside those of the replicas. */
export const trialConfig = (shape: Shape, owner: Trying["owner"]): KubeObject & Json => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: { name: trialConfigName(shape.name), namespace: shape.namespace, ...ownedBy(shape.name, owner) },
	data: serverConfig(shape),
});

/** Without requests of its own it would request what it is limited to, and a node has no room for two replicas. */
const requests = { cpu: "10m", memory: "64Mi" };

/**
 * A pod that tries an image where a replica runs: made from the replicas' own template, on one node, with an empty volume
 * in the place of each claim, no Keeper, no label of the cluster and no sidecar. Init containers stay for a start, because
 * they may write the configuration.
 */
export function trialPod({
	cluster,
	owner,
	set,
	image,
	node,
	index,
	what,
	configFolder,
	settings,
	httpPort,
}: Trying): KubeObject & Json {
	const { template } = set.spec;
	const spec = template.spec as unknown as Spec;
	const name = containerOf(template);
	const server = (serverIn(template) ?? {}) as Json;
	const claims = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
	const volumes = [
		...(spec.volumes ?? []).filter((volume) => !claims.includes(String(volume.name))).map(withoutClaim),
		...[...claims, "trial-init"].map((empty) => ({ name: empty, emptyDir: {} })),
	];
	const mounts = [
		...((server.volumeMounts ?? []) as readonly Mount[]).filter(({ mountPath }) => !mountPath.startsWith(initFolder)),
		{ name: "trial-init", mountPath: initFolder },
	];
	const { initContainers = [], affinity, nodeSelector, ...others } = spec;
	const { topologySpreadConstraints: _t, hostNetwork: _h, ...placed } = others;
	// With a replica's priority it would drive others' pods from a full node.
	const { priorityClassName: _c, priority: _i, preemptionPolicy: _e, ...rest } = placed;
	const settingsPath = `${configFolder}/${settingsFile}`;
	const fieldRef = { fieldPath: `metadata.annotations['${settingsAnnotation}']` };
	const [around] = mounts
		.filter(({ mountPath }) => settingsPath.startsWith(withSlash(mountPath)))
		.sort((a, b) => b.mountPath.length - a.mountPath.length);
	const takesNoFile = (volume: Json) =>
		volume.name === around?.name && !around?.subPath && projectable.some((kind) => kind in volume);
	const whole = volumes.some(takesNoFile) ? around : undefined;
	const { livenessProbe: _l, readinessProbe: _r, startupProbe: _s, lifecycle: _y, ports: _p, ...plain } = server;
	const { limits } = (server.resources ?? {}) as { readonly limits?: Json };
	const resources = { ...(limits && { limits }), requests: { ...requests, ...storageOf(server) } };
	return {
		apiVersion: "v1",
		kind: "Pod",
		metadata: {
			name: `${cluster}-trial-${index}`,
			...ownedBy(cluster, owner),
			annotations: {
				...template.metadata?.annotations,
				[annotation.container]: name,
				[settingsAnnotation]: settings,
			},
		},
		spec: {
			...rest,
			restartPolicy: "Never",
			activeDeadlineSeconds: deadlineSeconds,
			terminationGracePeriodSeconds: 1,
			...(node === undefined ? { affinity, nodeSelector } : { affinity: onNode(node) }),
			...(what === "start" && {
				initContainers: [
					...initContainers.filter(({ restartPolicy }) => restartPolicy !== "Always"),
					...shellTrialOf(server).map((its) => ({ ...its, image: image.reference, resources })),
				],
			}),
			containers: [
				{
					...plain,
					image: image.reference,
					resources,
					terminationMessagePolicy: "FallbackToLogsOnError",
					...(what === "image"
						? { command: ["clickhouse-server", "--version"], args: undefined }
						: { readinessProbe: { httpGet: { path: "/ping", port: httpPort }, periodSeconds: 1 } }),
					volumeMounts: whole
						? mounts
						: [...mounts, { name: "trial", mountPath: settingsPath, subPath: settingsFile, readOnly: true }],
				},
			],
			volumes: whole
				? volumes.map((volume) =>
						volume.name === whole.name
							? withFile(volume, { path: settingsPath.slice(withSlash(whole.mountPath).length), fieldRef })
							: volume,
					)
				: [...volumes, { name: "trial", downwardAPI: { items: [{ path: settingsFile, fieldRef }] } }],
		},
	} as unknown as KubeObject & Json;
}

/** Only with what every container may have: it runs nothing. */
function shellTrialOf({ startupProbe, imagePullPolicy, securityContext }: Json): readonly Json[] {
	const { exec } = (startupProbe ?? {}) as { readonly exec?: { readonly command?: readonly string[] } };
	const [shell, option] = exec?.command ?? [];
	if (option !== "-c") return [];
	return [{ name: shellTrial, command: [shell, "-c", "exit 0"], imagePullPolicy, securityContext }];
}

const withSlash = (path: string) => path.replace(/\/*$/, "/");

/** By its name: the label `kubernetes.io/hostname` may be another one. */
const onNode = (node: string) => ({
	nodeAffinity: {
		requiredDuringSchedulingIgnoredDuringExecution: {
			nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
		},
	},
});

/** Its volume is a folder of the node, and counts as the node's. */
function storageOf({ resources }: Json): Json {
	const { requests: its } = (resources ?? {}) as { readonly requests?: Json };
	const storage = its?.["ephemeral-storage"];
	return storage === undefined ? {} : { "ephemeral-storage": storage };
}

/** A claim or a folder of the node may hold a replica's data; what a CSI driver makes for one pod, such as keys, can't. */
function withoutClaim({ name, ...source }: Json): Json {
	const isHarmless = [...projectable, "downwardAPI", "emptyDir", "csi", "image"].some((kind) => kind in source);
	return isHarmless ? { name, ...source } : { name, emptyDir: {} };
}

/** Volumes that take no other file, and that can be parts of a projected one. */
const projectable = ["configMap", "secret", "projected"];

/** A folder that is one ConfigMap or Secret, and a file: together they are a projected volume. */
function withFile({ name, configMap, secret, projected }: Json, file: object): Json {
	const { defaultMode, sources, secretName, ...source } = (configMap ?? secret ?? projected) as Json;
	const parts =
		(sources as Json[] | undefined) ??
		(secret === undefined ? [{ configMap: source }] : [{ secret: { name: secretName, ...source } }]);
	return {
		name,
		projected: {
			...(defaultMode !== undefined && { defaultMode }),
			sources: [...parts, { downwardAPI: { items: [file] } }],
		},
	};
}
