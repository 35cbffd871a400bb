import { ControlError } from "../../../control/errors";
import type { Obstacle } from "../../../control/port";
import type { Pod, Service } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { label } from "../render/names";

const property = "kubernetes.existing.services";

/** The Services from which a replica can be drained, and those from which it can't. */
export async function servicesOf(
	cluster: Cluster,
	pods: readonly Pod[],
): Promise<{ readonly obstacles: readonly Obstacle[]; readonly undrained: readonly string[] }> {
	const all = await cluster.api.list<Service>("services", {});
	const balancing = all.filter((service) => isBalancing(service) && pods.some((pod) => selects(service, pod)));
	const obstacles: Obstacle[] = [];
	for (const name of cluster.services) {
		const service = all.find(({ metadata }) => metadata.name === name);
		const reason =
			service === undefined
				? `the namespace ${cluster.api.namespace} has no Service ${name}. ${candidates(balancing)}`
				: await problemOf(cluster, service, pods);
		if (reason !== undefined) obstacles.push({ property, reason });
	}
	const undrained = balancing.map(({ metadata }) => metadata.name).filter((name) => !cluster.services.includes(name));
	return { obstacles, undrained };
}

/**
 * The Services through which clients reach pods, as far as a replica can be drained from them; the first has the port of
 * the HTTP interface, if one has.
 *
 * @throws ControlError if there is none.
 */
export async function clientServices(
	cluster: Cluster,
	pods: readonly Pod[],
	httpPort: number,
): Promise<readonly string[]> {
	const all = await cluster.api.list<Service>("services", {});
	const balancing = all.filter((service) => isBalancing(service) && pods.some((pod) => selects(service, pod)));
	const problems = await Promise.all(balancing.map((service) => problemOf(cluster, service, pods)));
	const found = balancing.filter((_, index) => problems[index] === undefined);
	if (found.length === 0) {
		const [first] = problems.filter((problem) => problem !== undefined);
		const of = cluster.statefulSets?.join(", ");
		throw new ControlError(
			first ?? `no Service with a cluster IP selects the pods of ${of}. Create one through which clients reach them.`,
		);
	}
	const isHttp = ({ spec }: Service) => Number(spec.ports?.some(({ port }) => port === httpPort) === true);
	return found.sort((a, b) => isHttp(b) - isHttp(a)).map(({ metadata }) => metadata.name);
}

function candidates(services: readonly Service[]): string {
	const names = services.map(({ metadata }) => metadata.name).join(", ");
	return names === "" ? "Create one that selects the pods." : `These Services select the pods: ${names}.`;
}

/** It balances connections over the pods, and is not the address of a single one. */
const isBalancing = ({ spec }: Service) =>
	spec.clusterIP !== "None" && spec.selector?.["statefulset.kubernetes.io/pod-name"] === undefined;

/** By its own selector, without our label, which drains a pod. */
function selects({ spec }: Service, { metadata }: Pod): boolean {
	const own = ownSelector(spec.selector);
	return own.length > 0 && own.every(([key, value]) => metadata.labels?.[key] === value);
}

const ownSelector = (selector: Service["spec"]["selector"]) =>
	Object.entries(selector ?? {}).filter(([key]) => key !== label.clients);

/** Pods of finished Jobs receive nothing. */
const ended: readonly unknown[] = ["Succeeded", "Failed"];

async function problemOf(cluster: Cluster, service: Service, pods: readonly Pod[]): Promise<string | undefined> {
	const { name } = service.metadata;
	const { clusterIP, selector, publishNotReadyAddresses } = service.spec;
	const another = selector?.[label.clients];
	if (another !== undefined && another !== cluster.name)
		return `${name} belongs to the cluster '${another}'. Name another Service.`;
	if (clusterIP === "None")
		return `${name} is headless: clients that have resolved its addresses would still reach a replica that is about to restart. Name a Service with a cluster IP, or create one for clients.`;
	if (publishNotReadyAddresses)
		return `${name} also sends clients to replicas that are not ready. Set its publishNotReadyAddresses to false.`;
	const left = pods.filter((pod) => !selects(service, pod)).map(({ metadata }) => metadata.name);
	if (left.length > 0)
		return `${name} does not select ${left.join(", ")}, so it is not a Service of these replicas. Name a Service that selects all of them.`;
	const labels = ownSelector(selector)
		.map(([key, value]) => `${key}=${value}`)
		.join(",");
	const uids = pods.map(({ metadata }) => metadata.uid);
	const others = (await cluster.api.list<Pod>("pods", { labels }))
		.filter(({ metadata, status }) => !uids.includes(metadata.uid) && !ended.includes(status?.phase))
		.map(({ metadata }) => metadata.name);
	if (others.length > 0 && pods.length > 0)
		return `${name} also sends clients to ${others.join(", ")}, which would lose those clients, because DbCluster adds a label to the selector of ${name}. Add the StatefulSet of those pods to kubernetes.existing.statefulSets, or name a Service that selects only these replicas.`;
	return undefined;
}
