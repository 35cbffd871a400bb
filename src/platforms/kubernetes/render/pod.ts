import { createHash } from "node:crypto";
import type { DbVersion } from "../../../core/version";
import type { Meta, PodTemplate } from "../api/types";
import { annotation, asOurs, clientServiceName, container, dataVolume, headlessName, label, ports } from "./names";
import { restricted, spread } from "./restricted";
import { clientKey, configKey, ownFile, serverConfig, usersKey } from "./server-config";
import type { Shape } from "./shape";

/** An image as in the pod template: pinned to a digest if the registry reports one. */
export interface Image {
	readonly reference: string;
	readonly version: DbVersion;
	/** The tag may move unnoticed: it is pulled at each start. */
	readonly pullAlways: boolean;
}

/** The labels that the StatefulSet selects on; they never change. */
export const shardLabels = ({ name }: Pick<Shape, "name">, shard: number): Record<string, string> => ({
	[label.cluster]: name,
	[label.shard]: String(shard),
});

export const objectLabels = ({ name, settings }: Pick<Shape, "name" | "settings">): Record<string, string> => ({
	...settings.labels,
	"app.kubernetes.io/name": "dbcluster",
	"app.kubernetes.io/instance": name,
	"app.kubernetes.io/managed-by": "pulumi-dbcluster",
	[label.cluster]: name,
});

const configFolder = "/etc/clickhouse-server/config.d";
const usersFolder = "/etc/clickhouse-server/users.d";

/**
 * The startup probe's query: whether the replica accepts writes, has caught up, and knows an address of every peer. A
 * server from before 2019 reads its clusters when they are first asked for, and until it has found every host the query
 * fails, as does each query of a Distributed table, also one that another replica could answer: so it is for a moment if a
 * peer is restarting, too. Later a lost address does no harm.
 */
export const startupQuery =
	"SELECT count() FROM system.replicas WHERE (is_readonly OR is_session_expired OR absolute_delay > 2 OR (database, table) IN (SELECT database, table FROM system.replication_queue WHERE type = 'REPLACE_RANGE' AND create_time < now() - 2)) AND (SELECT count() FROM system.clusters) >= 0";

/** After two minutes it passes anyway: without Keeper, or with a shard gone, a server must still answer SELECTs. */
const isYoungQuery = "SELECT uptime() < 120";

const clientFile = "/etc/clickhouse-client/dbcluster.xml";

/** How many replicated tables a replica has. */
export const replicatedTables = "SELECT count() AS tables FROM system.tables WHERE engine LIKE 'Replicated%'";

/**
 * A replica beyond the cluster's size, as `kubectl scale` adds one, never becomes ready. Nor does one that has none of
 * the tables that its peers replicate, as after the loss of its volume: clients would miss tables there. The first four
 * peers are asked, for two seconds each; those that do not answer are ignored. A joining replica gets its tables later.
 */
const startupCommand = ({ name, namespace, settings: { passwordSecret } }: Shape, joining: boolean) => {
	const client = `clickhouse-client${passwordSecret === undefined ? "" : ` --config-file ${clientFile}`}`;
	const ask = (sql: string, options = "") => `${client}${options} --query "${asOurs(sql)}"`;
	const isMember = `[ "\${DBCLUSTER_REPLICA##*-}" -lt "$DBCLUSTER_SIZE" ]`;
	const isWell = `{ [ "$(${ask(startupQuery)})" = 0 ] || [ "$(${ask(isYoungQuery)})" = 0 ]; }`;
	const peer = `\${DBCLUSTER_REPLICA%-*}-$n.${headlessName(name)}.${namespace}.svc`;
	const theirs = ask(replicatedTables, ` --connect_timeout 2 --host ${peer}`);
	const peers = `n=0; while [ $n -lt "$DBCLUSTER_SIZE" ] && [ $n -lt 4 ]; do t=$(${theirs} 2>/dev/null) && [ "$t" != 0 ] && exit 1; n=$((n + 1)); done; exit 0`;
	const hasTables = `{ [ "$(${ask(replicatedTables)})" != 0 ] && exit 0; ${peers}; }`;
	return ["sh", "-c", [isMember, isWell, ...(joining ? [] : [hasTables])].join(" && ")];
};

/** Whether a pod was created beyond the cluster's size at that time; unknown for existing StatefulSets. */
export function isSurplus({ metadata: { name, annotations } }: { readonly metadata: Meta }): boolean {
	const size = annotations?.[annotation.size];
	return size !== undefined && Number(/\d+$/.exec(name)?.[0]) >= Number(size);
}

interface Template {
	readonly metadata: Partial<Meta>;
	readonly spec: object;
}

export interface WhileJoining {
	/** Clients do not reach the pods that come from this template. */
	readonly joining?: boolean;
	/** A pod beyond so many replicas never serves; all of the shape are let in unless given. */
	readonly members?: number;
}

/** The template of a shard's pods. */
export function podTemplate(
	shape: Shape,
	shard: number,
	image: Image,
	{ joining, members }: WhileJoining = {},
): Template {
	const labels = { ...objectLabels(shape), ...shardLabels(shape, shard) };
	const { annotations, image: repository } = shape.settings;
	// Servers read their configuration at start, so a change needs a new pod. The version is compared separately.
	const anyVersion = podSpec(shape, shard, { ...image, reference: repository, pullAlways: false });
	const hash = createHash("sha256").update(JSON.stringify([labels, annotations, anyVersion, serverConfig(shape)]));
	return {
		metadata: {
			labels: joining ? labels : { ...labels, [label.clients]: clientServiceName(shape.name) },
			annotations: {
				...annotations,
				[annotation.version]: image.version,
				[annotation.image]: image.reference,
				[annotation.template]: hash.digest("hex").slice(0, 16),
				// Neither part of the hash nor of the container: a change of size alone needs no restart.
				[annotation.size]: String(members ?? shape.replicas),
			},
		},
		spec: podSpec(shape, shard, image, joining),
	};
}

/** The hash of what a pod or template was created from; `undefined` for existing StatefulSets. */
export const templateHash = (of: Pick<PodTemplate, "metadata"> | undefined): string | undefined =>
	of?.metadata?.annotations?.[annotation.template];

function podSpec(shape: Shape, shard: number, image: Image, joining = false): object {
	const { settings } = shape;
	const ping = { httpGet: { path: "/ping", port: "http" } };
	return {
		terminationGracePeriodSeconds: settings.gracePeriodSeconds,
		automountServiceAccountToken: false,
		...(settings.serviceAccountName && { serviceAccountName: settings.serviceAccountName }),
		...(settings.imagePullSecrets.length > 0 && {
			imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })),
		}),
		securityContext: restricted.pod,
		nodeSelector: settings.nodeSelector,
		tolerations: settings.tolerations,
		...(settings.affinity && { affinity: settings.affinity }),
		topologySpreadConstraints: spread(shardLabels(shape, shard)),
		containers: [
			{
				name: container,
				image: image.reference,
				imagePullPolicy: image.pullAlways ? "Always" : "IfNotPresent",
				env: environment(shape, shard),
				ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: "TCP" })),
				resources: settings.resources,
				securityContext: restricted.container(settings.readOnlyRootFilesystem),
				// A day, because loading the metadata of a large server takes hours: nothing kills it before.
				startupProbe: {
					exec: { command: startupCommand(shape, joining) },
					periodSeconds: 1,
					timeoutSeconds: 10,
					failureThreshold: 86_400,
				},
				readinessProbe: { ...ping, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 3 },
				livenessProbe: { ...ping, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 12 },
				terminationMessagePolicy: "FallbackToLogsOnError",
				volumeMounts: mounts(shape).map(({ volume: _, ...mount }) => mount),
			},
		],
		volumes: [
			...new Map(
				mounts(shape).flatMap(({ name, volume }) => (volume === undefined ? [] : [[name, { name, ...volume }]])),
			).values(),
		],
	};
}

const field = (fieldPath: string) => ({ fieldRef: { apiVersion: "v1", fieldPath } });

function environment({ namespace, settings }: Shape, shard: number): object[] {
	return [
		{ name: "DBCLUSTER_REPLICA", valueFrom: field("metadata.name") },
		{ name: "DBCLUSTER_SIZE", valueFrom: field(`metadata.annotations['${annotation.size}']`) },
		{ name: "DBCLUSTER_SHARD", value: String(shard) },
		{ name: "DBCLUSTER_INTERSERVER_HOST", value: `$(DBCLUSTER_REPLICA).${namespace}.svc` },
		...(settings.passwordSecret === undefined
			? []
			: [
					{ name: "CLICKHOUSE_USER", value: settings.user },
					{ name: "CLICKHOUSE_PASSWORD", valueFrom: { secretKeyRef: settings.passwordSecret } },
				]),
	];
}

interface Mount {
	readonly name: string;
	readonly mountPath: string;
	readonly subPath?: string;
	readonly readOnly?: boolean;
	readonly volume?: object;
}

/** Single files, because a mounted folder would hide the image's own files. */
function mounts({ name, settings }: Shape): Mount[] {
	const volume = { configMap: { name: `${name}-config`, defaultMode: 0o444 } };
	const file = (mountPath: string, subPath: string): Mount => ({
		name: "config",
		mountPath,
		subPath,
		readOnly: true,
		volume,
	});
	const scratch = (folder: string, mountPath: string): Mount => ({
		name: folder,
		mountPath,
		volume: { emptyDir: {} },
	});
	return [
		{ name: dataVolume, mountPath: "/var/lib/clickhouse" },
		...(settings.readOnlyRootFilesystem
			? [scratch("users", usersFolder), scratch("logs", "/var/log/clickhouse-server"), scratch("tmp", "/tmp")]
			: []),
		...[ownFile, ...Object.keys(settings.config)].map((each) => file(`${configFolder}/${each}`, configKey(each))),
		...(settings.passwordSecret === undefined ? [] : [file(clientFile, clientKey)]),
		...Object.keys(settings.users).map((each) => file(`${usersFolder}/${each}`, usersKey(each))),
	];
}
