import { join } from "node:path";
import { type HeldTable, type Holdings, isTransient } from "../../core/holdings";
import { socketPath } from "./home";
import { dataFolder } from "./protocol";
import { askProcess } from "./replica-client";

/** Every table is every replica's: each write goes to all of them. */
const path = "the cluster's writes";

const question =
	"SELECT database, name, engine FROM system.tables WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND NOT is_temporary FORMAT JSON";

/** What a replica's process says that it holds; `undefined` while it does not answer. */
export async function holdsOf(home: string, replica: string): Promise<Holdings | undefined> {
	type Answer = { readonly data: readonly HeldTable[] };
	const answer = await askProcess<Answer>(socketPath(home, replica), "/query", 10_000, Buffer.from(question));
	const tables = answer?.data
		.filter((table) => !isTransient(table))
		.map(({ database, name, engine }) => ({ database, name, engine, path }));
	return tables && { tables, at: join(home, replica, dataFolder) };
}
