import { posix } from "node:path";
import type { Element } from "./config-files";
import { ports } from "./names";

/** Where each replica's volume is mounted. */
const dataPath = "/var/lib/clickhouse";

/** An element that a user's file must not set, because the cluster depends on its value. */
interface Reserved {
	/** Below the root; `*` is any name. */
	readonly path: string;
	/** It is in the cluster's own file, and another file could remove it, too. */
	readonly isOwn?: true;
	/** The values that are allowed. */
	readonly fine?: (element: Element) => boolean;
	/** What to do instead, as a clause. */
	readonly instead: string;
}

export interface Reserving {
	/** `undefined`: unknown yet. */
	readonly name: string | undefined;
	/** Whether the cluster's own file names a Keeper. */
	readonly keeper: boolean;
}

type About = Partial<Pick<Reserved, "isOwn" | "fine">>;

const set = (paths: readonly string[], instead: string, about: About = {}): Reserved[] =>
	paths.map((path) => ({ path, instead, ...about }));
const own = (paths: readonly string[], instead: string, about: About = {}) =>
	set(paths, instead, { isOwn: true, ...about });

const isOnVolume = ({ text }: Element) =>
	!posix.isAbsolute(text.trim()) || posix.normalize(`${text.trim()}/`).startsWith(`${dataPath}/`);
const isOwnUsers = ({ text }: Element) => ["users.xml", "/etc/clickhouse-server/users.xml"].includes(text.trim());

const port = (number: number) => `leave it out, because the cluster depends on port ${number}`;
const relied = "leave it out, because rolling updates depend on its value";
const logged = "leave it out, because the console log shows why a server does not start";

/** Everything in the cluster's own file, and what would change its ports or its volumes. */
function reserved({ name, keeper }: Reserving): Reserved[] {
	return [
		...own(["logger/console"], logged),
		...own(["logger/console_log_level"], "leave it out, or set it to debug or trace", {
			fine: ({ text }) => ["information", "debug", "trace", "test"].includes(text.trim()),
		}),
		...set(["logger/stderr", "logger/stdout"], logged),
		...own(
			["listen_host", "listen_try", "keep_alive_timeout", "disable_internal_dns_cache", "async_load_databases"],
			relied,
		),
		...set(["http_port"], port(ports.http)),
		...set(["tcp_port"], port(ports.native)),
		...own(["interserver_http_port"], port(ports.interserver)),
		...own(["interserver_http_host"], "leave it out, because peers reach each replica through its own Service"),
		...set(
			["interserver_https_host", "interserver_https_port", "interserver_listen_host"],
			`leave it out, because peers fetch parts through port ${ports.interserver}`,
		),
		...set(["http_handlers"], "add <defaults/> to it, otherwise the server stops answering /ping and queries", {
			fine: ({ children }) => children.some((child) => child.name === "defaults"),
		}),
		...own(
			["macros/cluster", "macros/shard", "macros/replica"],
			"leave it out, because each replica gets its own, or rename it if it is your own macro",
		),
		...own(
			name === undefined ? [] : [`remote_servers/${name}`],
			"leave it out, because DbCluster writes it from shards and replicas, or rename it if it is another cluster",
		),
		...own(keeper ? ["zookeeper/node"] : [], "set the hosts in kubernetes.keeper"),
		...set(
			keeper ? ["keeper"] : [],
			"set the hosts in kubernetes.keeper, and write the other settings under <zookeeper> instead of <keeper>",
		),
		...own(["distributed_ddl/path"], "leave it out, because the cluster has its own queue for ON CLUSTER"),
		...set(["path"], `leave it out, because the volume is mounted at ${dataPath}`),
		...set(
			[
				"storage_configuration/disks/*/path",
				"storage_configuration/disks/*/metadata_path",
				"custom_local_disks_base_directory",
				"access_control_path",
				"user_directories/local_directory/path",
				"user_defined_path",
				"user_files_path",
				"keeper_server/storage_path",
				"keeper_server/log_storage_path",
				"keeper_server/snapshot_storage_path",
			],
			`set a folder below ${dataPath}/, where the volume is mounted`,
			{ fine: isOnVolume },
		),
		...set(
			["users_config", "user_directories/users_xml/path"],
			"leave it out, or set it to users.xml, from which kubernetes.users and the password are read",
			{ fine: isOwnUsers },
		),
	];
}

const matches = (path: string, at: readonly string[]) => {
	const parts = path.split("/");
	return at.every((name, index) => parts[index] === "*" || parts[index] === name);
};
const lengthOf = (path: string) => path.split("/").length;

/** Attributes that take an element's content from elsewhere, where it can't be checked. */
const foreign = ["incl", "from_zk", "from_env"];
/** Attributes that remove what other files have in an element. */
const clearing = ["replace", "remove"];

/** Every element in a file of `config.d` that changes what the cluster depends on, with what to do about it. */
export function reservedIn(root: Element, reserving: Reserving): string[] {
	const table = reserved(reserving);
	const found: string[] = [];
	const visit = (element: Element, at: readonly string[]) => {
		const under = table.filter(({ path }) => matches(path, at));
		if (under.length === 0) return;
		const where = `${at.join("/") || element.name || "its top"}${element.line === undefined ? "" : ` (line ${element.line})`}`;
		const tell = (what: string) => void found.push(`${where}: ${what}`);
		const unseen = element.attributes.find((each) => foreign.includes(each));
		const itself = under.find(({ path }) => lengthOf(path) === at.length);
		if (itself !== undefined) {
			if (unseen !== undefined || itself.fine?.(element) !== true) tell(itself.instead);
			return;
		}
		if (unseen !== undefined) tell(`the content from ${unseen} can't be checked: write it into the file`);
		// On a root element, servers ignore these.
		const clears = at.length > 0 && element.attributes.find((each) => clearing.includes(each));
		if (clears && under.some(({ isOwn }) => isOwn))
			tell(
				`leave the attribute ${clears} out, because it removes what dbcluster.xml, the cluster's own file, sets there`,
			);
		for (const child of element.children) {
			const brings = child.name === "include" && child.attributes.find((each) => foreign.includes(each));
			if (brings) tell(`what the attribute ${brings} includes can't be checked: write that content into the file`);
			visit(child, [...at, child.name]);
		}
	};
	visit(root, []);
	return found;
}
