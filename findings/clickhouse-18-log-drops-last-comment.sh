#!/usr/bin/env bash
# ClickHouse 18.16.1 (Debian 12): system.query_log holds a query without the comment at its end; a comment within stays.
#
# So a mark that a program appends to its queries, to tell them from those of others, is gone from the log.
#
# Seen, for queries of which each has a comment:
#   SELECT 1 /* end */ is logged as: SELECT 1
#   SELECT /* within */ 2 is logged as it is
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
	<yandex><profiles><default><log_queries>1</log_queries></default></profiles><quotas><default/></quotas>
	<users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
XML
cat >config.xml <<-XML
	<yandex><logger><level>none</level></logger><listen_host>127.0.0.1</listen_host>
	<http_port>18925</http_port><tcp_port>18905</tcp_port><path>$folder/data/</path><tmp_path>$folder/tmp/</tmp_path>
	<users_config>$folder/users.xml</users_config><mark_cache_size>1000000</mark_cache_size>
	<query_log><database>system</database><table>query_log</table><flush_interval_milliseconds>200</flush_interval_milliseconds></query_log></yandex>
XML
ask() { curl -sS http://127.0.0.1:18925/ --data-binary "$1"; }
root/usr/sbin/clickhouse-server --config-file="$folder/config.xml" >server.log 2>&1 &
server=$!
until [[ $(ask 'SELECT 0' 2>/dev/null) == 0 ]]; do kill -0 "$server" && sleep 0.2; done
ask 'SELECT 1 /* end */' >/dev/null
ask 'SELECT /* within */ 2' >/dev/null
logged() { ask "SELECT query FROM system.query_log WHERE type = 2 AND query LIKE 'SELECT%' AND query LIKE '%$1' LIMIT 1" 2>/dev/null; }
until logged ' 2' | grep -q '2$'; do kill -0 "$server" && sleep 0.2; done
{ logged 1 && logged ' 2'; } >seen
cat seen
diff seen - <<-'SEEN'
	SELECT 1
	SELECT /* within */ 2
SEEN
