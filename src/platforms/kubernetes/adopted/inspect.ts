import { ControlError } from "../../../control/errors";
import type { ClusterSpec, Obstacle } from "../../../control/port";
import type { Pod, StatefulSet } from "../api/types";
import { isReady, troubleOf } from "../ask/diagnose";
import { inventoryOf } from "../ask/inventory";
import { RecordStore } from "../ask/record";
import { queryCounts } from "../ask/server";
import { collector } from "../change/obstacles";
import { lossOfClaims } from "../change/volumes";
import { label } from "../render/names";
import { indexes } from "../render/server-config";
import type { KubernetesSettings } from "../render/settings-schema";
import { kept } from "../render/shape";
import type { AdoptedCluster } from "./cluster";
import { type AskedServer, dataProblems } from "./data";
import { imageProblem, isObserved } from "./image";
import { layoutProblem } from "./layout";
import { servicesOf } from "./services";
import { asTakenOver, podsOf } from "./template";

export type TakeoverSpec = Pick<
	ClusterSpec<KubernetesSettings>,
	"version" | "shards" | "replicas" | "localTables" | "desiredState"
>;

/** Existing objects before they are taken over. */
export interface Inspected {
	readonly obstacles: readonly Obstacle[];
	readonly sets: readonly StatefulSet[];
	readonly pods: readonly Pod[];
	/** Services that send clients to the pods but are not listed: a replica is not drained from them. */
	readonly undrained: readonly string[];
	/** Whether any table replicates; `undefined` if no server could be asked. */
	readonly replicates: boolean | undefined;
}

const sets = "kubernetes.existing.statefulSets";

/** Inspects everything that is to be taken over, and finds every obstacle. Changes nothing. */
export async function inspect(cluster: AdoptedCluster, wanted: TakeoverSpec): Promise<Inspected> {
	const obstacles: Obstacle[] = [];
	const refuse = (property: string, reason: string) => void obstacles.push({ property, reason });
	const { existing } = cluster;
	const count = existing.statefulSets.length;
	if (wanted.shards !== count)
		refuse(
			"shards",
			`${wanted.shards} is not the number of StatefulSets, and each of them is one shard. Set shards to ${count}.`,
		);
	const found = await Promise.all(
		existing.statefulSets.map((name) => cluster.api.get<StatefulSet>("statefulsets", name)),
	);
	const missing = existing.statefulSets.filter((_, shard) => found[shard] === undefined);
	if (missing.length > 0) {
		const others = (await cluster.api.list<StatefulSet>("statefulsets", {})).map(({ metadata }) => metadata.name);
		const has = others.length === 0 ? "no StatefulSet" : others.join(", ");
		refuse(sets, `the namespace ${cluster.api.namespace} has no StatefulSet ${missing.join(", ")}. It has ${has}.`);
	}
	const there = found.filter((set) => set !== undefined);
	const sizes = there.map(({ metadata, spec }) => `${metadata.name} ${spec.replicas ?? 1}`);
	const alike = new Set(there.map(({ spec }) => spec.replicas ?? 1)).size <= 1;
	if (!alike)
		refuse(
			sets,
			`the shards have different numbers of replicas: ${sizes.join(", ")}. Scale them to the same number first.`,
		);
	obstacles.push(...stopObstacles(cluster, there, wanted));
	const pods: Pod[] = [];
	for (const set of there) {
		for (const reason of await setProblems(cluster, set)) refuse(sets, reason);
		const { name } = set.metadata;
		const { replicas = 1, template } = set.spec;
		if (replicas === 0)
			refuse(sets, `${name} is scaled to 0, and only a running cluster can be taken over. Scale it up first.`);
		else if (alike && replicas !== wanted.replicas)
			refuse("replicas", `spec.replicas of the StatefulSet ${name} is ${replicas}. Set replicas to ${replicas}.`);
		if (!template.spec.containers.some((each) => each.name === existing.container)) {
			const has = template.spec.containers.map((each) => each.name).join(", ");
			refuse("kubernetes.existing.container", `${name} has no container ${existing.container}. It has ${has}.`);
			continue;
		}
		const all = await podsOf(cluster, set);
		for (const ordinal of indexes(replicas)) {
			const replica = `${name}-${ordinal}`;
			const pod = all.find(({ metadata }) => metadata.name === replica);
			if (pod === undefined || !isReady(pod)) {
				const why = pod && troubleOf(asTakenOver(pod, existing), cluster.api.connection.now())?.words;
				refuse(sets, `${replica} ${why ?? "is not ready"}. Take the cluster over once every replica serves.`);
			}
			if (pod === undefined) continue;
			pods.push(pod);
			const problem = await imageProblem(cluster, wanted.version, pod, set);
			if (problem !== undefined) obstacles.push(problem);
		}
	}
	const services = await servicesOf(cluster, pods);
	obstacles.push(...services.obstacles);
	const asked = await askAll(cluster, pods, obstacles);
	const misplaced = layoutProblem(existing, pods, asked, wanted);
	if (misplaced !== undefined) refuse(sets, misplaced);
	for (const reason of await dataProblems(existing, asked)) refuse(sets, reason);
	const replicates =
		asked.length === 0 ? undefined : asked.some(({ inventory }) => inventory.tables.some(({ path }) => path));
	return { obstacles: distinct(obstacles), sets: there, pods, undrained: services.undrained, replicates };
}

/** Why StatefulSets that are to be stopped would lose their data. */
export const stopObstacles = (
	cluster: AdoptedCluster,
	its: readonly StatefulSet[],
	{ desiredState }: Pick<TakeoverSpec, "desiredState">,
): Obstacle[] =>
	desiredState === "Stopped"
		? lossOfClaims(cluster, its, "whenScaled").map((reason) => ({ property: "desiredState", reason }))
		: [];

async function setProblems(cluster: AdoptedCluster, set: StatefulSet): Promise<string[]> {
	const { metadata, spec, status } = set;
	const { name, labels, ownerReferences = [] } = metadata;
	const found: string[] = [];
	const its = labels?.[label.cluster];
	if (its !== undefined && its !== cluster.name) {
		const owner = (await new RecordStore(cluster.api, its).read())?.owner;
		if (owner !== undefined)
			found.push(
				`${name} is part of the cluster '${its}', which belongs to ${owner}. Destroy that resource first: this releases the StatefulSet and keeps it running.`,
			);
	}
	const operator = ownerReferences.find(({ controller }) => controller);
	if (operator !== undefined)
		found.push(
			`${name} is managed by ${operator.kind} ${operator.name}, which would undo every change. Update this cluster through its operator.`,
		);
	if (spec.ordinals?.start)
		found.push(
			`the pods of ${name} are numbered from ${spec.ordinals.start} (spec.ordinals.start), and only a StatefulSet whose pods are numbered from 0 can be taken over. Do not change spec.ordinals.start: the pods would get new, empty volumes. Keep updating the StatefulSet as before, or copy its tables to a new DbCluster.`,
		);
	const { type = "RollingUpdate", rollingUpdate } = spec.updateStrategy ?? {};
	const seen = isObserved(set);
	if (type === "RollingUpdate" && !(seen && status?.currentRevision === status?.updateRevision)) {
		// Above a partition the controller never completes a rollout, however long one waits.
		const partition = seen ? (rollingUpdate?.partition ?? 0) : 0;
		const wayOut =
			partition === 0
				? ". Wait for it first"
				: `: its partition keeps the pods below ordinal ${partition} at the old revision. Set spec.updateStrategy.rollingUpdate.partition to 0, or undo the rollout, and wait`;
		found.push(`a rollout of ${name} is not complete${wayOut}: kubectl rollout status statefulset/${name}`);
	}
	return found;
}

async function askAll(cluster: AdoptedCluster, pods: readonly Pod[], obstacles: Obstacle[]): Promise<AskedServer[]> {
	const attempt = collector(obstacles);
	const settings = kept(cluster.given);
	const asked: AskedServer[] = [];
	const before = obstacles.length;
	await attempt("kubernetes.passwordSecret", () => cluster.credentials(settings));
	if (obstacles.length > before) return [];
	for (const pod of pods.filter(isReady))
		await attempt("kubernetes.user", async () => {
			try {
				const server = await cluster.server(pod, settings);
				await queryCounts(server);
				asked.push({ pod, server, inventory: await inventoryOf(server) });
			} catch (error) {
				if (!(error instanceof ControlError)) throw error;
				throw new ControlError(
					`${pod.metadata.name} can't be queried at port ${cluster.httpPort}: ${error.message}. Check user, passwordSecret and existing.httpPort.`,
				);
			}
		});
	return asked;
}

const distinct = (obstacles: readonly Obstacle[]) =>
	obstacles.filter(({ reason }, index) => obstacles.findIndex((other) => other.reason === reason) === index);
