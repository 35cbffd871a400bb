import type { ConfigMap, Pod } from "../../../src/platforms/kubernetes/api/types.ts";
import { type Step, steps } from "./cells.mts";

/** A request to the API server, and its answer once there is one. */
export interface Exchange {
	readonly method: string;
	readonly path: string;
	readonly sent: string;
	readonly status?: number;
	readonly answer?: string;
}

/** The replica that an update of the cluster `db` of two begins with. */
export const firstReplica = "db-0-1";

/** By what the API server sees of a step; each is looked for once the one before has been seen. */
const signs: Record<Step, (it: Exchange, way: Way) => boolean> = {
	claim: (it) => recordIn(it)?.claim !== undefined,
	rehearse: (it) => it.method === "POST" && /\/pods(\?|$)/.test(it.path),
	mark: (it) => recordIn(it)?.mark !== undefined,
	drain: (it) => it.method === "PATCH" && is(it, "pods", firstReplica),
	template: (it) => it.method === "PATCH" && is(it, "statefulsets", "db-0"),
	delete: (it, way) => {
		if (it.method !== "DELETE" || !is(it, "pods", firstReplica)) return false;
		way.former = (JSON.parse(it.sent) as { preconditions: { uid: string } }).preconditions.uid;
		return true;
	},
	start: (it, way) => newPod(it, way) !== undefined,
	"catch up": (it, way) => newPod(it, way)?.status?.containerStatuses?.[0]?.state?.running !== undefined,
	"let in": (it, way) => newPod(it, way)?.status?.containerStatuses?.[0]?.ready === true,
	hold: (it) => it.path.includes("system.query_log"),
	finish: (it) => {
		const record = recordIn(it);
		return record !== undefined && record.mark === undefined;
	},
};

const isWrite = ({ method }: Exchange) => method !== "GET";

/** How far an update has come, by the requests that it sends. */
export class Way {
	/** The first replica's pod before its restart. */
	former: string | undefined;
	#next = 0;

	/**
	 * Which steps this exchange is the first sign of: of a write, the request is enough; of what is waited for, the answer
	 * that shows it.
	 */
	passes(it: Exchange): Step[] {
		const passed: Step[] = [];
		for (let step = steps[this.#next]; step !== undefined; step = steps[this.#next]) {
			if (!signs[step](it, this)) break;
			passed.push(step);
			this.#next++;
			// A write is of one step; one look may show several.
			if (isWrite(it)) break;
		}
		return passed;
	}
}

const is = ({ path }: Exchange, kind: string, name: string) =>
	path.split("?")[0]?.endsWith(`/${kind}/${name}`) === true;

function newPod(it: Exchange, { former }: Way): Pod | undefined {
	if (it.method !== "GET" || it.status !== 200 || !is(it, "pods", firstReplica)) return undefined;
	const pod = JSON.parse(it.answer ?? "") as Pod;
	return pod.metadata.uid === former ? undefined : pod;
}

interface RecordSent {
	readonly claim?: object;
	readonly mark?: object;
}

function recordIn(it: Exchange): RecordSent | undefined {
	if (it.method !== "PATCH" || !is(it, "configmaps", "db-dbcluster")) return undefined;
	return JSON.parse((JSON.parse(it.sent) as ConfigMap).data?.record ?? "{}") as RecordSent;
}
