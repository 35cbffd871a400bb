import type { SqlServer } from "../control/trial";
import { type ChangedDefault, listed, type RehearsedSettings } from "../core/rehearsal";

interface Setting {
	readonly value: string;
	/** By the cluster's own configuration. */
	readonly isSet: boolean;
}

const tables = ["settings", "merge_tree_settings"] as const;

/** Settings of queries, and of MergeTree tables with a prefix, by name. ClickHouse has both tables from 18.16 on. */
async function settingsOf(server: SqlServer): Promise<Map<string, Setting>> {
	const [queries = [], mergeTree = []] = await Promise.all(
		tables.map((table) =>
			server.rows(`SELECT name, toString(value) AS value, toUInt8(changed) AS changed FROM system.${table}`),
		),
	);
	const entries = (rows: typeof queries, prefix: string) =>
		rows.map(({ name, value, changed }): [string, Setting] => [
			prefix + String(name),
			{ value: String(value), isSet: Number(changed) === 1 },
		]);
	return new Map([...entries(queries, ""), ...entries(mergeTree, "merge_tree.")]);
}

/** Of what the cluster's configuration sets; changes with it. */
export async function digestOfSettings(cluster: SqlServer): Promise<string> {
	const digests = await Promise.all(
		tables.map((table) =>
			cluster.rows(
				`SELECT toString(groupBitXor(cityHash64(name, toString(value)))) AS digest FROM system.${table} WHERE changed = 1`,
			),
		),
	);
	return digests.map(([row]) => String(row?.digest)).join(" ");
}

/** What the cluster sets and the version does not know, and which defaults the version has changed. */
export async function trySettings(cluster: SqlServer, server: SqlServer): Promise<RehearsedSettings> {
	const [before, after] = await Promise.all([settingsOf(cluster), settingsOf(server)]);
	const unknown: string[] = [];
	const defaults: ChangedDefault[] = [];
	for (const [name, { value, isSet }] of before) {
		const now = after.get(name);
		if (now === undefined) {
			if (isSet) unknown.push(name);
		} else if (!isSet && !now.isSet && plain(now.value).toLowerCase() !== plain(value).toLowerCase()) {
			defaults.push({ name, from: plain(value), to: plain(now.value) });
		}
	}
	return { unknown: listed(unknown), defaults: listed(defaults) };
}

/** Some versions quote an automatic value, `'auto(4)'`, and its number is only that of the machine's cores. */
const plain = (value: string) => value.replace(/^'?auto(?:\(\d+\))?'?$/, "auto");
