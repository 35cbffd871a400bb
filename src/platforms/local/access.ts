/**
 * What a statement may set to one value only. By each, a text that is given as a value would be read as the path of a file,
 * as an address or as SQL.
 */
const fixed: Readonly<Record<string, string>> = {
	format_schema_source: "string",
	format_template_row: "",
	format_template_resultset: "",
	format_avro_schema_registry_url: "",
	additional_result_filter: "",
	additional_table_filters: "{}",
	parallel_replicas_custom_key: "",
	allow_experimental_eval_table_function: "0",
	dialect: "clickhouse",
};

/** No grant of a source (READ ON FILE, URL, S3, REMOTE, ...), of SQL SECURITY NONE, or to give grants. */
const grants =
	"SHOW, SELECT, INSERT, ALTER, CREATE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, SYSTEM, dictGet ON *.*";

/**
 * The configuration of a replica's engine, server and users in one file. The engine itself then refuses what reads files or
 * addresses, whatever a statement looks like; {@link reach} has what it has no grant for. It does not start with a setting
 * that it does not know.
 */
export function engineConfig(file: string, known: ReadonlySet<string>): string {
	const names = Object.keys(fixed).filter((name) => known.has(name));
	return `<clickhouse>
	<!-- Of every table unless it says otherwise: how many tokens of INSERTs are remembered. -->
	<merge_tree><non_replicated_deduplication_window>10000</non_replicated_deduplication_window></merge_tree>
	<users_config>${file}</users_config>
	<profiles><default>
		${names.map((name) => `<${name}>${fixed[name]}</${name}>`).join("\n\t\t")}
		<constraints>${names.map((name) => `<${name}><const/></${name}>`).join("")}</constraints>
	</default></profiles>
	<quotas><default/></quotas>
	<users><default>
		<password/><profile>default</profile><quota>default</quota>
		<grants><query>GRANT ${grants}</query></grants>
	</default></users>
</clickhouse>
`;
}
