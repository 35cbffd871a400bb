import { posix } from "node:path";
import type { Element } from "./config-files";
import { ports } from "./names";

/** Where the volume of each replica is. */
export const dataPath = "/var/lib/clickhouse";

/** An element that a user's file must not set, since the cluster is run by what it says. */
interface Reserved {
	/** Below the root; `*` is any name. */
	readonly path: string;
	/** It stands in the cluster's own file, which another file could take away, too. */
	readonly isOwn?: true;
	/** What it may be all the same. */
	readonly fine?: (element: Element) => boolean;
	/** What to do in its place, as a clause. */
	readonly instead: string;
}

/** What is reserved depends on the cluster. */
export interface Reserving {
	/** `undefined`: not known yet. */
	readonly name: string | undefined;
	/** Whether the cluster's own file names a Keeper. */
	readonly keeper: boolean;
}

const all = (paths: readonly string[], rest: Omit<Reserved, "path">): Reserved[] =>
	paths.map((path) => ({ path, ...rest }));

const isOnVolume = ({ text }: Element) =>
	!posix.isAbsolute(text.trim()) || posix.normalize(`${text.trim()}/`).startsWith(`${dataPath}/`);
const isOwnUsers = ({ text }: Element) => ["users.xml", "/etc/clickhouse-server/users.xml"].includes(text.trim());

const port = (number: number) => `leave it out, the server answers at port ${number}`;
const relied = "leave it out, an update of one replica after the other relies on what it is";
const logged = "leave it out, what a server says on its console tells why it does not come up";

/** Everything of the cluster's own file, and what would lead away from it, from its ports and from its volumes. */
function reserved({ name, keeper }: Reserving): Reserved[] {
	return [
		...all(["logger/console"], { isOwn: true, instead: logged }),
		{
			path: "logger/console_log_level",
			isOwn: true,
			fine: ({ text }) => ["information", "debug", "trace", "test"].includes(text.trim()),
			instead: "leave it out, or set it to debug or trace",
		},
		...all(["logger/stderr", "logger/stdout"], { instead: logged }),
		...all(["listen_host", "listen_try", "keep_alive_timeout", "disable_internal_dns_cache", "async_load_databases"], {
			isOwn: true,
			instead: relied,
		}),
		{ path: "http_port", instead: port(ports.http) },
		{ path: "tcp_port", instead: port(ports.native) },
		{ path: "interserver_http_port", isOwn: true, instead: port(ports.interserver) },
		{
			path: "interserver_http_host",
			isOwn: true,
			instead: "leave it out, each replica has a Service of its own for its peers",
		},
		...all(["interserver_https_host", "interserver_https_port", "interserver_listen_host"], {
			instead: `leave it out, peers fetch parts at port ${ports.interserver}`,
		}),
		{
			path: "http_handlers",
			fine: ({ children }) => children.some((child) => child.name === "defaults"),
			instead: "add <defaults/> to it, else the server no longer answers /ping and queries",
		},
		...all(["macros/cluster", "macros/shard", "macros/replica"], {
			isOwn: true,
			instead: "leave it out, each replica is given its own, and take another name for a macro of yours",
		}),
		...(name === undefined
			? []
			: all([`remote_servers/${name}`], {
					isOwn: true,
					instead: "leave it out, it follows shards and replicas, and take another name for a cluster of yours",
				})),
		...(keeper
			? [
					...all(["zookeeper/node"], { isOwn: true, instead: "name the hosts in kubernetes.keeper" }),
					...all(["keeper"], {
						instead: "name the hosts in kubernetes.keeper, and set what else it has under zookeeper",
					}),
				]
			: []),
		{
			path: "distributed_ddl/path",
			isOwn: true,
			instead: "leave it out, the cluster has a queue of its own for ON CLUSTER",
		},
		{ path: "path", instead: `leave it out, the volume is at ${dataPath}` },
		...all(
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
			{ fine: isOnVolume, instead: `write a folder below ${dataPath}/, which is the volume` },
		),
		...all(["users_config", "user_directories/users_xml/path"], {
			fine: isOwnUsers,
			instead: "write users.xml, beside which kubernetes.users and the password are",
		}),
	];
}

const matches = (path: string, at: readonly string[]) => {
	const parts = path.split("/");
	return at.every((name, index) => parts[index] === "*" || parts[index] === name);
};
const lengthOf = (path: string) => path.split("/").length;

/** Take an element's content from where it can't be seen. */
const foreign = ["incl", "from_zk", "from_env"];
/** Take away what other files have in an element. */
const clearing = ["replace", "remove"];

/** Every element of a file of `config.d` that leads away from what a cluster is run by, each with what to do about it. */
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
		if (unseen !== undefined) tell(`what ${unseen} brings can't be seen here, write it out`);
		// Of a root, servers pass these over.
		const clears = at.length > 0 && element.attributes.find((each) => clearing.includes(each));
		if (clears && under.some(({ isOwn }) => isOwn))
			tell(`leave ${clears} out, it takes away what the cluster's own file has there`);
		for (const child of element.children) {
			const brings = child.name === "include" && child.attributes.find((each) => foreign.includes(each));
			if (brings) tell(`what ${brings} of an include brings can't be seen here, write it out`);
			visit(child, [...at, child.name]);
		}
	};
	visit(root, []);
	return found;
}
