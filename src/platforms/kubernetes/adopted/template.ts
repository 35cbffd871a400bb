import { PlatformError } from "../../../control/errors";
import type { DbVersion } from "../../../core/version";
import type { Pod, PodTemplate, StatefulSet } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { versionOf } from "../ask/opened";
import { annotation, label } from "../render/names";
import { type Image, shardLabels } from "../render/pod";
import type { Existing } from "../render/settings-schema";
import type { AdoptedCluster } from "./cluster";

/** An annotation of pods and templates names the server's container; before the takeover they lack it. */
export const asTakenOver = <T extends Pick<PodTemplate, "metadata">>(of: T, { container }: Existing): T => ({
	...of,
	metadata: { ...of.metadata, annotations: { ...of.metadata?.annotations, [annotation.container]: container } },
});

/** All pods that a StatefulSet selects. */
export const podsOf = ({ api }: Cluster, { spec }: StatefulSet): Promise<readonly Pod[]> => {
	const labels = Object.entries(spec.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
	return api.list<Pod>("pods", { labels: labels.join(",") });
};

/** Without a probe a pod is ready as soon as its process runs. */
const probe = (port: number) => ({ httpGet: { path: "/ping", port }, periodSeconds: 1, timeoutSeconds: 5 });

/**
 * Gives a StatefulSet our labels and, if given, another image; the rest of its template stays. The same write sets
 * OnDelete: under RollingUpdate any change of the template would restart its pods. By resourceVersion, because
 * containers are a list, which is written as a whole.
 */
export async function change(cluster: AdoptedCluster, shard: number, image?: Image): Promise<StatefulSet> {
	const { existing } = cluster;
	const name = existing.statefulSets[shard] ?? "";
	const changed = await cluster.api.edit<StatefulSet>("statefulsets", name, ({ spec: { template } }) => {
		const containers = template.spec.containers.map((each) => {
			const readinessProbe = each.readinessProbe ?? probe(existing.httpPort);
			return each.name === existing.container
				? { ...each, ...(image && { image: image.reference }), readinessProbe }
				: each;
		});
		const annotations = image === undefined ? noted(cluster, template) : told(existing, image);
		return {
			metadata: { labels: shardLabels(cluster, shard) },
			spec: {
				updateStrategy: { type: "OnDelete", rollingUpdate: null },
				template: { metadata: { labels: podLabels(cluster, shard), annotations }, spec: { containers } },
			},
		};
	});
	if (changed === undefined) throw new PlatformError(`the StatefulSet ${name} is gone`);
	return changed;
}

export const podLabels = (cluster: Cluster, shard: number) => ({
	...shardLabels(cluster, shard),
	[label.clients]: cluster.name,
});

const told = ({ container }: Existing, { version, reference }: Pick<Image, "version" | "reference">) => ({
	[annotation.container]: container,
	[annotation.version]: version,
	[annotation.image]: reference,
});

/**
 * The image's version as annotations, so that it stays known if `image` is spelt differently later.
 *
 * @param otherwise The version of an image that names none, such as a digest that a webhook wrote.
 */
export function noted(cluster: AdoptedCluster, of: PodTemplate, otherwise?: DbVersion): Record<string, string> {
	const { existing } = cluster;
	const version = versionOf(cluster.given.image, asTakenOver(of, existing)) ?? otherwise;
	const reference = serverImageOf(of, existing);
	return version === undefined
		? { [annotation.container]: existing.container }
		: told(existing, { version, reference });
}

export const serverImageOf = ({ spec }: PodTemplate, { container }: Existing): string =>
	spec.containers.find(({ name }) => name === container)?.image ?? "";
