import { byShard, type ObservedReplica } from "../cluster";
import { type Holdings, type LocalTables, lackedBy, tableName } from "../holdings";
import { toldOf } from "../layout";
import { plan } from "../plan";
import type { RefusalFacts } from "../refusal";
import { mayResume, type Rule } from "./rule";

/** More would not be read. */
const most = 5;

type Asked = ObservedReplica & { readonly holds: Holdings };
type Difference = RefusalFacts["last-copy"]["tables"][number];

/**
 * The replicas of a shard hold the same tables, so that each can stand in for the others and none is the last to have
 * something. What differs on purpose is named in `update.localTables`.
 *
 * Of replicas that are of different shards after all the rule `layout` speaks. Judged of shards that will be touched and have several replicas that serve. One that is down has no say: its step is what
 * brings it back, and the roll looks at it then. Rows that do not replicate are told among the caveats.
 */
export const lastCopy: Rule<"last-copy"> = {
	name: "last-copy",
	judge({ question, target, cluster }) {
		if (target === undefined || !cluster?.asked) return undefined;
		if (cluster.state !== "Started" && !mayResume(cluster)) return undefined;
		const touched = plan(cluster, target).lanes.map(({ shard }) => shard);
		const shards = [...byShard(cluster)].flatMap(([shard, replicas]) => {
			const serving = replicas.filter((replica) => replica.serving);
			return touched.includes(shard) && replicas.length > 1 && serving.length > 1 ? [serving] : [];
		});
		const unasked = shards.flat().flatMap(({ name, holds }) => (holds === undefined ? [name] : []));
		const told = toldOf(cluster, question.localTables)?.shards ?? [cluster.replicas.map(({ name }) => name)];
		const alike = shards.flatMap((replicas) =>
			told.map((names) => replicas.filter(isAsked).filter(({ name }) => names.includes(name))),
		);
		const tables = alike.flatMap((replicas) => differences(replicas, question.localTables));
		if (tables.length === 0 && unasked.length === 0) return undefined;
		return { tables: tables.slice(0, most), count: tables.length, unasked };
	},
};

const isAsked = (replica: ObservedReplica): replica is Asked => replica.holds !== undefined;

/** Of the replicas of one shard: every table that not all of them have alike. */
function differences(replicas: readonly Asked[], local: LocalTables | undefined): Difference[] {
	const found = new Map<string, { on: Set<string>; lack: Set<string> }>();
	for (const one of replicas)
		for (const other of replicas)
			for (const table of one === other ? [] : lackedBy(other.holds, one.holds, local)) {
				const it = found.get(tableName(table)) ?? { on: new Set(), lack: new Set() };
				found.set(tableName(table), it);
				it.on.add(one.name);
				it.lack.add(other.name);
			}
	return [...found]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([table, { on, lack }]) => ({ table, on: [...on].sort(), lack: [...lack].sort() }));
}
