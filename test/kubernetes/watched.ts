import type { KubernetesSettings } from "../../src/platforms/kubernetes/render/settings-schema";
import { type Space, startCluster, versions } from "./harness";
import { startLoad } from "./load";
import { Sampler } from "./sampler";
import { allReplicas, makeTables, type Topology } from "./tables";

/** The cluster `db` of the first version, with clients that ask it all the time and its pods watched, until `stop`. */
export async function startWatched(space: Space, topology: Topology, settings?: KubernetesSettings) {
	const control = await startCluster(space, { version: versions.v1, ...topology, settings });
	const table = await makeTables(space, topology);
	const load = startLoad({ endpoint: await space.endpoint("db"), table, pause: 50 });
	const sampler = Sampler.start(space, "db", allReplicas(topology));
	const stop = async () => {
		const seen = await load.stop();
		await sampler.stop();
		return seen;
	};
	return { control, sampler, stop };
}
