import { byShard, type ObservedReplica } from "../cluster";
import { type Holdings, type LocalTables, lackedBy, tableName } from "../holdings";
import { toldOf } from "../layout";
import { plan } from "../plan";
import type { RefusalFacts } from "../refusal";
import { mayResume, type Rule } from "./rule";

/** How many tables a message names. */
const most = 5;

type Asked = ObservedReplica & { readonly holds: Holdings };
type Difference = RefusalFacts["last-copy"]["tables"][number];

/**
 * The replicas of a shard hold the same tables, so that each can replace the others and none has the last copy. Tables
 * that differ on purpose are listed in `update.localTables`.
 *
 * Checked only for shards that will be touched and have several replicas that serve. One that is down is left out: its
 * step brings it back, and the rollout looks at it then. Replicas of different shards are left to the rule `layout`;
 * rows that do not replicate are a caveat.
 */
export const lastCopy: Rule<"last-copy"> = {
	name: "last-copy",
	judge({ question, target, cluster }) {
		if (target === undefined || !cluster?.asked) return undefined;
		if (cluster.state !== "Started" && !mayResume(cluster)) return undefined;
		const touched = plan(cluster, target).lanes.map(({ shard }) => shard);
		const shards = [...byShard(cluster)].flatMap(([shard, replicas]) => {
			const serving = replicas.filter((replica) => replica.serving);
			return touched.includes(shard) && serving.length > 1 ? [serving] : [];
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

/** Every table that not all replicas of one shard have alike. */
function differences(replicas: readonly Asked[], local: LocalTables | undefined): Difference[] {
	const names = replicas.map(({ name }) => name);
	const found = new Map<string, { on: Set<string>; lack: Set<string> }>();
	for (const one of replicas)
		for (const other of replicas)
			for (const table of lackedBy(other.holds, one.holds, local)) {
				const it = found.get(tableName(table)) ?? { on: new Set(), lack: new Set() };
				found.set(tableName(table), it);
				it.on.add(one.name);
				it.lack.add(other.name);
			}
	return [...found]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([table, { on, lack }]) => ({
			table,
			on: names.filter((name) => on.has(name)),
			lack: names.filter((name) => lack.has(name)),
		}));
}
