import { ControlError } from "../../../control/errors";
import type { Obstacle } from "../../../control/port";
import { NotPermitted } from "../api/errors";
import type { KubeObject, Meta } from "../api/types";
import type { Cluster } from "../ask/cluster";
import { label } from "../render/names";

/** Runs checks and collects what they throw as obstacles; of rights that only the change itself needs, one for all. */
export function collector(found: Obstacle[], caught: typeof ControlError = ControlError) {
	return async (property: string, work: () => Promise<unknown>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			if (!(error instanceof caught)) throw error;
			const { message: reason } = error;
			if (error instanceof NotPermitted) {
				if (!found.some(({ untried }) => untried)) found.push({ property, reason, untried: true });
			} else if (!found.some((other) => other.reason === reason)) found.push({ property, reason });
		}
	};
}

/** Has the API server check an object by a dry run. Without the right for it, the object is noted as untried. */
export function tryOut({ api }: Cluster, found: Obstacle[], object: KubeObject): Promise<void> {
	return collector(found, NotPermitted)("kubernetes", () => api.apply(object, { dryRun: true }));
}

/** Those objects whose name another's has: applying them would overwrite it, and it would be deleted with the cluster. */
export async function strangersAmong({ api, name }: Cluster, objects: readonly KubeObject[]): Promise<KubeObject[]> {
	const found = await Promise.all(objects.map((object) => api.namesake<{ metadata: Meta }>(object)));
	return objects.filter((_, index) => {
		const it = found[index];
		return it !== undefined && it.metadata.labels?.[label.cluster] !== name;
	});
}
