import { createHash } from "node:crypto";
import { ControlError, PlatformError } from "../../../control/errors";
import type { Claim, Rehearse } from "../../../control/port";
import { type SqlServer, type Started, TrialEnded } from "../../../control/trial";
import type { Rehearsal, RehearsedPlace } from "../../../core/rehearsal";
import type { DbVersion } from "../../../core/version";
import type { KubeObject, Pod, PodTemplate, StatefulSet, Volume } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { isReady } from "../ask/diagnose";
import { until } from "../change/wait";
import { parseReplica, recordName, serverIn, trialConfigName } from "../render/names";
import { type Image, podTemplate, templateHash } from "../render/pod";
import { isAdopted } from "../render/settings-schema";
import { kept, type Shape } from "../render/shape";
import { configFolderOf } from "./config-folder";
import { endOf, outcome } from "./outcome";
import { trialConfig, trialLabel, trialPod } from "./pod";
import { elsewhereOf, trialSettings } from "./settings";

/**
 * Tries a version with pods beside the cluster: on one node a server, on each other node of a replica the server's
 * program, which pulls the image there. All of them are removed, also those of an earlier rehearsal that was killed.
 */
export async function rehearseByPods(
	cluster: Cluster,
	claim: Claim,
	version: DbVersion,
	stallSeconds: number,
	use: Rehearse,
): Promise<Rehearsal | undefined> {
	const stored = await cluster.record.guard(claim);
	const shape = { ...cluster.shape(stored), settings: kept(cluster.given) };
	const { settings } = shape;
	const [pods, live, image] = await Promise.all([cluster.pods(), cluster.sets(), cluster.image(settings, version)]);
	const sets = live.map((set) => asGiven(cluster, shape, set, image));
	await clear(cluster);
	const serving = pods.find(isReady);
	const replica = serving && (await cluster.server(serving, settings));
	try {
		const found = await use(
			{
				artifact: [image.reference, ...new Set(sets.map(setUp))].join(" "),
				...(replica && { cluster: replica }),
				start: (stop) => start(cluster, { pods, sets, image, stallSeconds, shape, replica, stop }),
			},
			stored.rehearsed,
		);
		if (found !== undefined) await cluster.record.under(claim, (now) => ({ ...now, rehearsed: found }));
		return found;
	} finally {
		await clear(cluster);
	}
}

/**
 * A set as the given settings make it: they are stored only once a rehearsal has passed, because a pod that is lost would
 * start with them. Its files of configuration are a ConfigMap of the rehearsal's own.
 */
export function asGiven(cluster: Cluster, shape: Shape, set: StatefulSet, image: Image): StatefulSet {
	const shard = parseReplica(cluster, `${set.metadata.name}-0`)?.shard;
	if (shard === undefined || isAdopted(cluster.given)) return set;
	const template = podTemplate(shape, shard, image) as PodTemplate;
	if (templateHash(template) === templateHash(set.spec.template)) return set;
	const volumes = template.spec.volumes?.map(({ configMap, ...volume }) =>
		configMap === undefined ? volume : { ...volume, configMap: { ...configMap, name: trialConfigName(cluster.name) } },
	);
	return { ...set, spec: { ...set.spec, template: { ...template, spec: { ...template.spec, volumes } } } };
}

/** With what a set starts its servers, whatever their version: as its hash says, or, if others made it, in full. */
export function setUp({ spec }: StatefulSet): string {
	const hash = templateHash(spec.template);
	if (hash !== undefined) return hash;
	const { containers, ...rest } = spec.template.spec;
	const its = { ...rest, containers: containers.map(({ image: _, ...container }) => container) };
	return createHash("sha256").update(JSON.stringify(its)).digest("hex").slice(0, 16);
}

const isTrialConfig = (cluster: Cluster) => (volume: Volume) => {
	const { name } = (volume.configMap ?? {}) as { readonly name?: string };
	return name === trialConfigName(cluster.name);
};

interface Starting {
	readonly pods: readonly Pod[];
	readonly sets: readonly StatefulSet[];
	readonly image: Image;
	readonly stallSeconds: number;
	/** With the settings that are tried. */
	readonly shape: Shape;
	/** One that serves, if any does. */
	readonly replica: SqlServer | undefined;
	readonly stop?: AbortSignal;
}

async function start(cluster: Cluster, starting: Starting): Promise<Started> {
	const { pods, sets, image, stallSeconds, shape, replica, stop } = starting;
	const nodes = new Map<string | undefined, Pod[]>();
	for (const pod of pods) {
		const node = pod.spec.nodeName;
		if (node !== undefined) nodes.set(node, [...(nodes.get(node) ?? []), pod]);
	}
	// Of a stopped cluster no node is known: the scheduler chooses one as for a replica.
	if (nodes.size === 0) nodes.set(undefined, []);
	const owner = await cluster.api.get<KubeObject & { metadata: { uid: string } }>(
		"configmaps",
		recordName(cluster.name),
	);
	if (owner === undefined) throw cluster.gone();
	if (sets.some((set) => set.spec.template.spec.volumes?.some(isTrialConfig(cluster))))
		await cluster.api.create("configmaps", trialConfig(shape, owner.metadata));
	const { httpPort } = cluster;
	const apart = trialSettings(replica && (await elsewhereOf(replica)));
	const common = { cluster: cluster.name, owner: owner.metadata, image, settings: apart, httpPort };
	// Many nodes are looked at less often, so that the API server is spared.
	const pause = Math.max(200, nodes.size * 20);
	const settled = await Promise.allSettled(
		[...nodes].map(async ([node, its], index) => {
			const set = sets.find(({ metadata }) => its[0]?.metadata.name.startsWith(`${metadata.name}-`)) ?? sets[0];
			if (set === undefined) throw cluster.gone();
			const what = index === 0 ? ("start" as const) : ("image" as const);
			const place = { name: node ?? "any node", replicas: its.map(nameOf) };
			const configFolder = configFolderOf(serverIn(set.spec.template) ?? {});
			if (configFolder === undefined) return { ...place, leftOut: configElsewhere };
			const tries = { ...common, set, node, index, what, configFolder };
			const runs = serverIn(its[0] ?? set.spec.template)?.image;
			const differs = runs !== undefined && runs !== image.reference;
			const asNow = differs ? trialPod({ ...tries, image: { reference: runs } }) : undefined;
			return { ...place, ...(await outcome(cluster, trialPod(tries), { what, stallSeconds, pause, stop, asNow })) };
		}),
	);
	// All have ended before anything is removed.
	const tried = settled.map((each) => {
		if (each.status === "rejected") throw each.reason;
		return each.value;
	});
	const [first] = tried;
	if (first?.leftOut !== undefined) return { places: [], leftOut: first.leftOut };
	const places = tried.map(
		({ name, replicas, failure, leftOut }): RehearsedPlace => ({
			name,
			replicas,
			...(failure && { failure }),
			...(leftOut !== undefined && { leftOut }),
		}),
	);
	// It may be Ready and still not be reached: a NetworkPolicy lets the API server's proxy reach the replicas only.
	if (first?.pod === undefined)
		return { places, ...(first?.failure === undefined ? { tablesLeftOut: outOfReach } : { failure: first.failure }) };
	const server = trying(cluster, first.pod, await cluster.server(first.pod, shape.settings));
	const isApart = Object.values(await elsewhereOf(server)).every((is) => !is);
	const tablesLeftOut = isApart ? await barred(server) : notApart;
	return { places, ...(tablesLeftOut === undefined ? { server } : { tablesLeftOut }) };
}

/**
 * Why we may not create tables there; `undefined` if we may. Statements other than SELECT take the right to create
 * pods/proxy; and our user may be one that SQL created, which no new server has, or may only read.
 */
export async function barred(server: SqlServer): Promise<string | undefined> {
	try {
		await server.run(`CREATE DATABASE ${scratch}`);
		await server.run(`CREATE TABLE ${scratch}.t (x UInt8) ENGINE = Null`);
		await server.run(`DROP DATABASE ${scratch}`);
		return undefined;
	} catch (error) {
		if (!(error instanceof ControlError)) throw error;
		if (error instanceof PlatformError && !/forbid/i.test(error.message)) throw error;
		return error.message;
	}
}

const scratch = "`pulumi-dbcluster`";

const configElsewhere =
	"it is unknown where its servers read their configuration, and nothing else would keep a server that is tried from the cluster's Keeper";
const notApart =
	"its server does not merge the file of configuration that keeps it apart, and uses the cluster's Keeper";
const outOfReach = "its server is ready, but out of the API server's reach, as behind a NetworkPolicy";

const nameOf = ({ metadata }: Pod) => metadata.name;

/** A server that is tried; once it has ended, it is asked why. */
function trying(cluster: Cluster, pod: Pod, server: SqlServer): SqlServer {
	const asking = async <T>(ask: () => Promise<T>): Promise<T> => {
		try {
			return await ask();
		} catch (error) {
			if (!(error instanceof PlatformError)) throw error;
			const failure = endOf(await cluster.api.get<Pod>("pods", pod.metadata.name));
			throw failure === undefined ? error : new TrialEnded(failure);
		}
	};
	return {
		rows: (sql, settings) => asking(() => server.rows(sql, settings)),
		run: (sql, settings) => asking(() => server.run(sql, settings)),
	};
}

/** Resolves once none exists. */
async function clear(cluster: Cluster): Promise<void> {
	const labels = `${trialLabel}=${cluster.name}`;
	if (!isAdopted(cluster.given))
		for (const { metadata } of await cluster.api.list<Pod>("configmaps", { labels }))
			await cluster.api.delete("configmaps", metadata.name, metadata.uid);
	const left = () => cluster.api.list<Pod>("pods", { labels });
	let found = await left();
	for (const { metadata } of found) await cluster.api.delete("pods", metadata.name, metadata.uid);
	await until(
		"the pods of a rehearsal still exist",
		async () => {
			if (found.length > 0) found = await left();
			return found.length === 0;
		},
		120,
	);
}
