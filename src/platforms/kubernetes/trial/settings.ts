import { ifKnown } from "../../../control/errors";
import type { SqlServer } from "../../../control/trial";

/** What a cluster's configuration has in other places than its servers' own folders. */
export interface Elsewhere {
	/** Users and roles that were created by SQL are in Keeper. */
	readonly users?: boolean;
	/** Tables that name no storage policy are where another one than `default` says, such as in a bucket. */
	readonly tables?: boolean;
}

/** Asks a replica that serves; old servers have neither. */
export async function elsewhereOf(replica: SqlServer): Promise<Elsewhere> {
	const [users, policies] = await Promise.all([
		ifKnown(() => replica.rows("SELECT name FROM system.user_directories WHERE type = 'replicated'")),
		ifKnown(() =>
			replica.rows("SELECT value FROM system.merge_tree_settings WHERE name = 'storage_policy' AND value != 'default'"),
		),
	]);
	return { users: (users?.length ?? 0) > 0, tables: (policies?.length ?? 0) > 0 };
}

/**
 * A last file of configuration that keeps a server which is only tried away from the cluster's Keeper, and its tables,
 * the system's too, on its own volume. Removing what is not there does nothing, at the top: below an element that is not
 * there either, ClickHouse would take the removal for a setting.
 */
export function trialSettings(root: string, { users, tables }: Elsewhere): string {
	const inKeeper = [
		...["zookeeper", "keeper", "keeper_server", "distributed_ddl"],
		...["user_defined_zookeeper_path", "named_collections_storage"],
	];
	return [
		`<${root}>`,
		...inKeeper.map((name) => `<${name} remove="1"/>`),
		users ? `<user_directories><replicated remove="1"/></user_directories>` : "",
		tables ? "<merge_tree><storage_policy>default</storage_policy></merge_tree>" : "",
		`</${root}>`,
	].join("");
}
