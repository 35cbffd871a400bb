import type { Pod, PodTemplate, StatefulSet } from "../../src/platforms/kubernetes/api/types";
import { environment, type Space } from "./harness";

/** What people do with kubectl, past Pulumi. */

const imageOf = ({ spec }: PodTemplate) => spec.containers[0]?.image ?? "";

/** `kubectl set image`: under OnDelete no pod is touched. */
export async function setImage(space: Space, set: string, version: string): Promise<void> {
	const [server] = (await space.api.get<StatefulSet>("statefulsets", set))?.spec.template.spec.containers ?? [];
	const containers = [{ ...server, image: `${environment.image}:${version}` }];
	await space.api.merge("statefulsets", set, { spec: { template: { spec: { containers } } } });
}

/** The versions in the pods' images, in the order of their names. */
export async function runningVersions(space: Space): Promise<(string | undefined)[]> {
	const pods = [...(await space.api.list<Pod>("pods", {}))];
	pods.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
	return pods.map((pod) => /:([\d.]+)(@|$)/.exec(imageOf(pod))?.[1]);
}

/** `kubectl delete pod`, and waits until its successor is ready, or has exited with an error. */
export async function replacePod(space: Space, name: string, until: "ready" | "crashed" = "ready"): Promise<void> {
	const before = (await space.api.get<Pod>("pods", name))?.metadata.uid;
	await space.api.delete("pods", name, before);
	for (;;) {
		const pod = await space.api.get<Pod>("pods", name);
		const is = {
			ready: pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
			crashed: pod?.status?.containerStatuses?.some(({ lastState }) => lastState?.terminated !== undefined),
		};
		if (pod !== undefined && pod.metadata.uid !== before && is[until]) return;
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}

/** Keeps a pod from going for good until it is let go, as a node that does not answer does. */
export async function holdPod(space: Space, name: string, held: boolean): Promise<void> {
	await space.api.merge("pods", name, { metadata: { finalizers: held ? ["pulumi-dbcluster/test"] : null } });
}
