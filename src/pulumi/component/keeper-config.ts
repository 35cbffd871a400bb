import { indexes } from "../../platforms/kubernetes/render/server-config";

export const keeperPorts = { client: 2181, raft: 9234, control: 9182 } as const;
export const keeperData = "/var/lib/clickhouse-keeper";

export const keeperName = (cluster: string) => `${cluster}-keeper`;

/** The host names of the Keepers, by ordinal. */
export const keeperHosts = (cluster: string, namespace: string, replicas: number) =>
	indexes(replicas).map((ordinal) => `${keeperName(cluster)}-${ordinal}.${keeperName(cluster)}.${namespace}.svc`);

/** One file for each Keeper, by its pod's name: they differ in `server_id` only. Raft counts from 1. */
export function keeperConfig(cluster: string, namespace: string, replicas: number): Record<string, string> {
	const servers = keeperHosts(cluster, namespace, replicas).map(
		(host, ordinal) =>
			`      <server><id>${ordinal + 1}</id><hostname>${host}</hostname><port>${keeperPorts.raft}</port></server>`,
	);
	const file = (ordinal: number) => `<clickhouse>
  <logger><level>information</level><console>1</console></logger>
  <listen_host>::</listen_host>
  <listen_host>0.0.0.0</listen_host>
  <listen_try>1</listen_try>
  <keeper_server>
    <tcp_port>${keeperPorts.client}</tcp_port>
    <server_id>${ordinal + 1}</server_id>
    <log_storage_path>${keeperData}/coordination/log</log_storage_path>
    <snapshot_storage_path>${keeperData}/coordination/snapshots</snapshot_storage_path>
    <coordination_settings>
      <operation_timeout_ms>10000</operation_timeout_ms>
      <session_timeout_ms>30000</session_timeout_ms>
      <raft_logs_level>warning</raft_logs_level>
    </coordination_settings>
    <http_control><port>${keeperPorts.control}</port><readiness><endpoint>/ready</endpoint></readiness></http_control>
    <raft_configuration>
${servers.join("\n")}
    </raft_configuration>
  </keeper_server>
</clickhouse>
`;
	return Object.fromEntries(
		indexes(replicas).map((ordinal) => [`${keeperName(cluster)}-${ordinal}.xml`, file(ordinal)]),
	);
}
