import type { Layout } from "../../../core/holdings";
import type { Topology } from "./inventory";

/** What a replica's server says about its place, reduced to its own cluster: hosts are pods, by name. */
export function layoutOf(replica: string, { macros, clusters }: Topology): Layout {
	const known = Object.entries(clusters).flatMap(([name, members]) => {
		const shards: string[][] = [];
		for (const { host, shard } of members) {
			const [pod = host] = host.split(".");
			shards[shard] ??= [];
			shards[shard].push(pod);
		}
		const hosts = shards.filter((pods) => pods !== undefined);
		return hosts.flat().includes(replica) ? [[name, hosts] as const] : [];
	});
	return { ...(macros.shard !== undefined && { shard: macros.shard }), clusters: Object.fromEntries(known) };
}
