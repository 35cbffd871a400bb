import { ifKnown } from "../../../control/errors";
import type { Holdings } from "../../../core/holdings";
import type { Pod } from "../api/types";
import { kept } from "../render/shape";
import type { Cluster } from "./cluster";
import { dataPlaces, volatile } from "./data-volumes";
import { type Inventory, inventoryOf } from "./inventory";
import { layoutOf } from "./layout";

/**
 * What a replica's server says that it holds; `undefined` if it can't be asked.
 *
 * @param next Why the data in some folders would be lost with the next pod, if that may have other volumes than this
 * one.
 */
export async function holds(
	cluster: Cluster,
	replica: string,
	next?: (paths: readonly string[]) => Promise<string | undefined>,
): Promise<Holdings | undefined> {
	cluster.place(replica);
	const pod = await cluster.pod(replica);
	const inventory = pod && (await ask(cluster, pod));
	if (inventory === undefined) return undefined;
	const places = dataPlaces(pod as Pod, inventory.paths);
	const { tables } = inventory;
	const [first] = places;
	const why = volatile(places) ?? (await next?.(inventory.paths));
	const layout = layoutOf(replica, inventory.topology);
	return {
		tables,
		layout,
		...(first && { at: `${first.path} on ${first.on}` }),
		...(why !== undefined && { volatile: why }),
	};
}

/** The inventory of a pod's server; `undefined` if it can't be asked. */
export function ask(cluster: Cluster, pod: Pod): Promise<Inventory | undefined> {
	// Our own pods name their login; for existing ones the declared login is used.
	return ifKnown(() => cluster.ask(pod, kept(cluster.given), inventoryOf));
}
