import { headlessName, ports, replicaName } from "./names";
import type { Shape } from "./shape";

/** Keys of the ConfigMap, by file. */
export const configKey = (file: string) => `config-${file}`;
export const usersKey = (file: string) => `users-${file}`;
export const ownFile = "dbcluster.xml";
export const clientKey = "client.xml";

/** The data of the cluster's ConfigMap: the servers' settings, and the user's files. */
export function serverConfig(shape: Shape): Record<string, string> {
	const { config, users } = shape.settings;
	return {
		[configKey(ownFile)]: ownSettings(shape),
		...(shape.settings.passwordSecret && { [clientKey]: clientSettings }),
		...Object.fromEntries(Object.entries(config).map(([file, text]) => [configKey(file), text])),
		...Object.fromEntries(Object.entries(users).map(([file, text]) => [usersKey(file), text])),
	};
}

/**
 * `remote_servers` has the pods' headless names, because a server finds itself among the hosts of `ON CLUSTER` by its
 * own address. Peers fetch parts through the replica's Service, whose address survives restarts: old servers keep
 * connecting to a pod's old one.
 */
function ownSettings(shape: Shape): string {
	const { name, namespace, shards, replicas, settings } = shape;
	const password = settings.passwordSecret === undefined ? "" : '<password from_env="CLICKHOUSE_PASSWORD"/>';
	const hosts = indexes(shards).map((shard) => {
		const members = indexes(replicas).map((ordinal) => {
			const host = `${replicaName(shape, shard, ordinal)}.${headlessName(name)}.${namespace}.svc`;
			return `<replica><host>${host}</host><port>${ports.native}</port><user>${settings.user}</user>${password}</replica>`;
		});
		return `      <shard><internal_replication>true</internal_replication>
        ${members.join("\n        ")}
      </shard>`;
	});
	const keepers = settings.keeper.map((keeper, index) => {
		const [, host, port] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(keeper) ?? [];
		return `    <node index="${index + 1}"><host>${host}</host><port>${port ?? 2181}</port></node>`;
	});
	const keeper = keepers.length === 0 ? "" : `  <zookeeper>\n${keepers.join("\n")}\n  </zookeeper>\n`;
	// A server that stops waits for idle connections: 3 seconds instead of up to 30. And a server listens only once its
	// tables are loaded, as servers before 23.12 do: otherwise connected clients and peers would wait for the load, and a
	// server that can't load a table would start without saying so. Images log to files: without the console, the pod
	// would not show what a server does at its start, or why it exits.
	return `<${settings.configRoot}>
  <logger><console>1</console><console_log_level>information</console_log_level></logger>
  <listen_host>::</listen_host>
  <listen_host>0.0.0.0</listen_host>
  <listen_try>1</listen_try>
  <keep_alive_timeout>3</keep_alive_timeout>
  <disable_internal_dns_cache>1</disable_internal_dns_cache>
  <async_load_databases>false</async_load_databases>
  <interserver_http_host from_env="DBCLUSTER_INTERSERVER_HOST"/>
  <interserver_http_port>${ports.interserver}</interserver_http_port>
  <macros>
    <cluster>${name}</cluster>
    <shard from_env="DBCLUSTER_SHARD"/>
    <replica from_env="DBCLUSTER_REPLICA"/>
  </macros>
  <remote_servers>
    <${name}>
${hosts.join("\n")}
    </${name}>
  </remote_servers>
${keeper}  <distributed_ddl><path>/clickhouse/task_queue/${namespace}/${name}</path></distributed_ddl>
</${settings.configRoot}>
`;
}

/** For the startup probe: a password in a command line would be visible in the node's process list. */
const clientSettings = `<config>
  <user from_env="CLICKHOUSE_USER"/>
  <password from_env="CLICKHOUSE_PASSWORD"/>
</config>
`;

export const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
