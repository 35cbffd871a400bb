import { describe, expect, it } from "vitest";
import { type Element, readConfigFile } from "../../../../src/platforms/kubernetes/render/config-files";
import { reservedIn } from "../../../../src/platforms/kubernetes/render/reserved";
import { configKey, ownFile, serverConfig } from "../../../../src/platforms/kubernetes/render/server-config";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { shapeOf } from "../../../../src/platforms/kubernetes/render/shape";

const reserving = { name: "db", keeper: true };
function rootOf(text: string, file = "zz.xml"): Element {
	const read = readConfigFile(file, text);
	if (read.broken !== undefined) throw new Error(read.broken);
	return read.root;
}
/** What is refused, by its place alone. */
const places = (inside: string, its = reserving) =>
	reservedIn(rootOf(`<clickhouse>${inside}</clickhouse>`), its).map((line) => line.split(/ \(line|:/)[0]);

function ownSettings(keeper: readonly string[]): string {
	const read = readSettings({ namespace: "ns", image: "a/b", passwordSecret: { name: "p" }, keeper });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	return (
		serverConfig(shapeOf({ name: "db", shards: 2, replicas: 2, settings: read.settings }))[configKey(ownFile)] ?? ""
	);
}

describe("what the cluster's own file sets", () => {
	const leaves = ({ name, children }: Element): string[] =>
		children.length === 0 ? [name] : children.flatMap((child) => leaves(child).map((leaf) => `${name}/${leaf}`));
	const nested = (path: string): string => {
		const [first = "", ...rest] = path.split("/");
		return `<${first}>${rest.length === 0 ? "x" : nested(rest.join("/"))}</${first}>`;
	};

	it.each([[["zk:2181"]], [[]]])("is all reserved, with the Keeper %j", (keeper) => {
		const own = rootOf(ownSettings(keeper)).children.flatMap((child) => leaves(child));
		expect(own).toContain("macros/shard");
		const its = { name: "db", keeper: keeper.length > 0 };
		expect(own.filter((path) => places(nested(path), its).length !== 1)).toEqual([]);
		// Also where it is taken away as a whole.
		const tops = own.map((path) => path.split("/")[0]);
		expect(tops.filter((top) => places(`<${top} remove="1"/>`, its).length !== 1)).toEqual([]);
	});

	it("is refused, each element with its line and with what to do", () => {
		const text = `<clickhouse>
	<http_port>8200</http_port>
	<macros><shard>7</shard></macros>
	<remote_servers><db/></remote_servers>
	<zookeeper><node><host>zk</host></node></zookeeper>
</clickhouse>`;
		expect(reservedIn(rootOf(text), reserving)).toEqual([
			"http_port (line 2): leave it out, because the cluster depends on port 8123",
			"macros/shard (line 3): leave it out, because each replica gets its own, or rename it if it is your own macro",
			"remote_servers/db (line 4): leave it out, because DbCluster writes it from shards and replicas, or rename it if it is another cluster",
			"zookeeper/node (line 5): set the hosts in kubernetes.keeper",
		]);
		expect(reservedIn(rootOf("macros: { shard: 7 }", "zz.yaml"), reserving)).toEqual([
			"macros/shard: leave it out, because each replica gets its own, or rename it if it is your own macro",
		]);
	});
});

describe("a file of the user", () => {
	it.each([
		"<macros><layer>1</layer></macros>",
		"<remote_servers><other><shard/></other></remote_servers>",
		"<zookeeper><session_timeout_ms>9000</session_timeout_ms></zookeeper>",
		"<logger><level>trace</level><console_log_level>debug</console_log_level></logger>",
		"<https_port>8443</https_port><tcp_port_secure>9440</tcp_port_secure><mysql_port>9004</mysql_port>",
		"<tmp_path>/tmp/</tmp_path>",
		"<user_files_path>/var/lib/clickhouse/files</user_files_path>",
		"<storage_configuration><disks><s3><type>s3</type><metadata_path>/var/lib/clickhouse/disks/s3/</metadata_path></s3><c><path>cache/</path></c></disks></storage_configuration>",
		"<user_directories replace='1'><users_xml><path>users.xml</path></users_xml><replicated><zookeeper_path>/a</zookeeper_path></replicated></user_directories>",
		"<http_handlers><rule><url>/x</url></rule><defaults/></http_handlers>",
		"<dictionaries><path>/x</path></dictionaries><merge_tree><x incl='y'/></merge_tree>",
		"<distributed_ddl><pool_size>2</pool_size></distributed_ddl>",
	])("may set %s", (inside) => {
		expect(places(inside)).toEqual([]);
	});

	it.each([
		["<path>/data/</path>", "path"],
		["<path remove='1'/>", "path"],
		["<tcp_port>9001</tcp_port>", "tcp_port"],
		["<interserver_https_port>9010</interserver_https_port>", "interserver_https_port"],
		["<logger><console>0</console></logger>", "logger/console"],
		["<logger><console_log_level>none</console_log_level></logger>", "logger/console_log_level"],
		["<logger><stderr>/tmp/x</stderr></logger>", "logger/stderr"],
		["<keeper><node/></keeper>", "keeper"],
		["<users_config>/etc/other.xml</users_config>", "users_config"],
		["<http_handlers><rule/></http_handlers>", "http_handlers"],
		["<user_files_path>/var/lib/clickhouse-other/</user_files_path>", "user_files_path"],
		["<user_files_path>/var/lib/clickhouse/../x/</user_files_path>", "user_files_path"],
		["<user_files_path from_env='X'/>", "user_files_path"],
		[
			"<storage_configuration><disks><cold><path>/cold/</path></cold></disks></storage_configuration>",
			"storage_configuration/disks/cold/path",
		],
		["<macros incl='m'/>", "macros"],
		["<remote_servers replace='true'><o/></remote_servers>", "remote_servers"],
		["<zookeeper from_zk='/x'/>", "zookeeper"],
		["<include from_zk='/x'/>", "clickhouse"],
		["<macros><include incl='x'/></macros>", "macros"],
	])("must not set %s", (inside, place) => {
		expect(places(inside)).toEqual([place]);
	});

	it("may name Keeper itself where the arguments name none", () => {
		const its = { name: "db", keeper: false };
		expect(places("<zookeeper><node><host>zk</host></node></zookeeper>", its)).toEqual([]);
		expect(places("<keeper><node/></keeper>", its)).toEqual([]);
	});

	it("is not judged by a name that is not known yet", () => {
		expect(places("<remote_servers><db/></remote_servers>", { ...reserving, name: undefined as never })).toEqual([]);
	});

	it("must not take the root's content from elsewhere; what says to take that of others away means nothing there", () => {
		expect(reservedIn(rootOf("<clickhouse incl='x'/>"), reserving)).toEqual([
			"clickhouse (line 1): the content from incl can't be checked: write it into the file",
		]);
		expect(reservedIn(rootOf("<clickhouse replace='1'/>"), reserving)).toEqual([]);
	});
});
