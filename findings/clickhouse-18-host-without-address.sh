#!/usr/bin/env bash
# ClickHouse 18.16.1 (Debian 12): a server that has started fails every query of a Distributed table as long as one host of
# the cluster has no address, although another replica of that shard, itself here, could answer.
#
# It reads its clusters when they are first asked for, and one host whose name can't be resolved throws away all of them. A
# host that has an address and refuses connections is passed over, as one would expect. So after a restart a peer whose
# name is missing for a moment, as that of a pod that is being replaced, does more harm than one that is down.
#
# Seen:
#   the second replica refuses connections: 1 row
#   the second replica has no address: "Host not found" ("DNS error" where no DNS server answers), each time, also from
#   system.clusters
#   the local table meanwhile: 1 row
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
libraries=$(echo libboost-filesystem1.74.0 libboost-program-options1.74.0 libcapnp-0.9.2 libcctz2 libcpuinfo0 \
	libdouble-conversion3 libfarmhash0 libicu72 libjemalloc2 libltdl7 liblz4-1 libmariadb3 libmetrohash1 libodbc2 \
	libpoco{crypto,data,dataodbc,foundation,json,mongodb,net,netssl,util,xml}80 librdkafka1 libre2-9 libsasl2-2 libssl3 \
	libstdc++6 libzstd1)
# shellcheck disable=SC2086 # a list
apt-get download clickhouse-{server,common}=18.16.1+ds-7.3+b2 $libraries >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
cat >users.xml <<-XML
	<yandex><profiles><default/></profiles><quotas><default/></quotas>
	<users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
XML

ask() { # The answer to a query, or the kind of its error.
	curl -sS http://127.0.0.1:18923/ --data-binary "$1" 2>&1 | sed -E 's/.*(Host not found|DNS error).*/host not found/' | head -1
}

start() { # Starts the server with this host, on port 18902, as the second replica of the one shard.
	if [[ -n $server ]]; then kill "$server" && wait "$server" || true; fi
	cat >config.xml <<-XML
		<yandex><logger><level>none</level></logger><listen_host>127.0.0.1</listen_host>
		<http_port>18923</http_port><tcp_port>18901</tcp_port><path>$folder/data/</path><tmp_path>$folder/tmp/</tmp_path>
		<users_config>$folder/users.xml</users_config><mark_cache_size>1000000</mark_cache_size>
		<remote_servers><c><shard><internal_replication>true</internal_replication>
		<replica><host>127.0.0.1</host><port>18901</port></replica>
		<replica><host>$1</host><port>18902</port></replica></shard></c></remote_servers></yandex>
	XML
	root/usr/sbin/clickhouse-server --config-file="$folder/config.xml" >server.log 2>&1 &
	server=$!
	until [[ $(ask 'SELECT 1') == 1 ]]; do kill -0 "$server" && sleep 0.2; done
}

{
	start 127.0.0.1
	ask 'CREATE TABLE t (n UInt64) ENGINE = Log'
	ask 'INSERT INTO t VALUES (1)'
	ask 'CREATE TABLE d (n UInt64) ENGINE = Distributed(c, default, t)'
	start 127.0.0.1
	echo "refuses: $(ask 'SELECT count() FROM d')"
	start replica.invalid
	echo "no address: $(ask 'SELECT count() FROM d')"
	echo "again: $(ask 'SELECT count() FROM d')"
	echo "clusters: $(ask 'SELECT count() FROM system.clusters')"
	echo "local: $(ask 'SELECT count() FROM t')"
} >seen
cat seen
diff <(grep . seen) - <<-'SEEN'
	refuses: 1
	no address: host not found
	again: host not found
	clusters: host not found
	local: 1
SEEN
