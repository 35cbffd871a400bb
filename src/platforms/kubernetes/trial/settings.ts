import { ifKnown } from "../../../control/errors";
import type { SqlServer } from "../../../control/trial";

/** What the configuration of a server has in other places than its own folders. */
export interface Elsewhere {
	/** It uses Keeper or ZooKeeper. */
	readonly keeper?: boolean;
	/** Users and roles that were created by SQL are in Keeper. */
	readonly users?: boolean;
	/** Tables that name no storage policy are where another one than `default` says, such as in a bucket. */
	readonly tables?: boolean;
}

/** Asks a server; old ones have not all of it. */
export async function elsewhereOf(server: SqlServer): Promise<Elsewhere> {
	const has = async (sql: string) => ((await ifKnown(() => server.rows(sql))) ?? []).length > 0;
	const [keeper, users, tables] = await Promise.all([
		// There is such a table only where one is configured.
		has("SELECT name FROM system.tables WHERE database = 'system' AND name = 'zookeeper'"),
		has("SELECT name FROM system.user_directories WHERE type = 'replicated'"),
		has("SELECT value FROM system.merge_tree_settings WHERE name = 'storage_policy' AND value != 'default'"),
	]);
	return { keeper, users, tables };
}

/**
 * A last file of configuration that keeps a server which is only tried away from the cluster's Keeper, and its tables,
 * the system's too, on its own volume. Removing what is not there does nothing, at the top: below an element that is not
 * there either, ClickHouse would take the removal for a setting. Up to 21.9 the root element of ClickHouse's own file is
 * `yandex`; from then on `clickhouse` is the same.
 */
export function trialSettings({ users, tables }: Elsewhere = {}): string {
	const inKeeper = [
		...["zookeeper", "keeper", "keeper_server", "distributed_ddl"],
		...["user_defined_zookeeper_path", "named_collections_storage"],
	];
	return [
		"<yandex>",
		...inKeeper.map((name) => `<${name} remove="1"/>`),
		users ? `<user_directories><replicated remove="1"/></user_directories>` : "",
		tables ? "<merge_tree><storage_policy>default</storage_policy></merge_tree>" : "",
		"</yandex>",
	].join("");
}
