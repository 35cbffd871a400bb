#!/usr/bin/env bash
# ClickHouse 18.16.1 and ZooKeeper 3.8.0 (Debian 12): one answer of system.replicas says that a replica has pulled all of its
# log and has nothing to fetch, while it lacks a row that another has acknowledged.
#
# A row of that table is not of one moment. The server counts its queue first and reads `log_max_index` and `log_pointer` from
# ZooKeeper afterwards, so an entry that is pulled between the two is in neither: the pointer is past it, and
# `inserts_in_queue` does not count it yet. One would expect that "log_pointer > log_max_index and inserts_in_queue = 0"
# means that nothing is missing. Only the answer after that is certain. The slower ZooKeeper answers, the easier it is seen:
# here each of its answers to the second replica takes a tenth of a second.
#
# Seen, within a few INSERTs:
#   one answer: pulled all of the log, and the queue lacks the entry of the last INSERT, whose row is not here
#   a later one: the entry is in the queue
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
libraries=$(echo libboost-filesystem1.74.0 libboost-program-options1.74.0 libcapnp-0.9.2 libcctz2 libcpuinfo0 \
	libdouble-conversion3 libfarmhash0 libicu72 libjemalloc2 libltdl7 liblz4-1 libmariadb3 libmetrohash1 libodbc2 \
	libpoco{crypto,data,dataodbc,foundation,json,mongodb,net,netssl,util,xml}80 librdkafka1 libre2-9 libsasl2-2 libssl3 \
	libstdc++6 libzstd1)
jars=$(echo lib{slf4j,netty,snappy,commons-cli,commons-io,dropwizard-metrics,findbugs-annotations}-java)
# shellcheck disable=SC2086 # lists
apt-get download clickhouse-{server,common}=18.16.1+ds-7.3+b2 libzookeeper-java=3.8.0-11+deb12u2 $libraries $jars \
	openjdk-17-jre-headless >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done
# Java's settings are links to /etc.
find root -lname '/*' -exec sh -c 'ln -sfn "$0$(readlink "$1")" "$1"' "$folder/root" {} \;
LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH

printf 'tickTime=2000\ndataDir=%s\nclientPort=12181\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n' \
	"$folder/zookeeper" >zoo.cfg
root/usr/lib/jvm/java-17-openjdk-*/bin/java -cp "root/usr/share/java/*" \
	org.apache.zookeeper.server.quorum.QuorumPeerMain zoo.cfg >zookeeper.log 2>&1 &
pids+=($!)
# Hands on what comes on port 12182, the answers a tenth of a second later.
node -e '
	const net = require("node:net");
	net.createServer((client) => {
		const server = net.connect(12181, "127.0.0.1");
		const end = () => (client.destroy(), server.destroy());
		client.on("data", (bytes) => server.write(bytes)).on("close", end).on("error", end);
		server.on("data", (bytes) => setTimeout(() => client.write(bytes), 100)).on("close", end).on("error", end);
	}).listen(12182, "127.0.0.1");' &
pids+=($!)

cat >users.xml <<-XML
	<yandex><profiles><default/></profiles><quotas><default/></quotas>
	<users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>
XML

start() { # Starts a server, 1 or 2, whose ZooKeeper is on this port.
	cat >"config-$1.xml" <<-XML
		<yandex><logger><level>none</level></logger><listen_host>127.0.0.1</listen_host>
		<http_port>1892$1</http_port><tcp_port>1890$1</tcp_port><interserver_http_port>1891$1</interserver_http_port>
		<interserver_http_host>127.0.0.1</interserver_http_host><path>$folder/data-$1/</path><tmp_path>$folder/tmp-$1/</tmp_path>
		<users_config>$folder/users.xml</users_config><mark_cache_size>1000000</mark_cache_size>
		<zookeeper><node><host>127.0.0.1</host><port>$2</port></node></zookeeper></yandex>
	XML
	root/usr/sbin/clickhouse-server --config-file="$folder/config-$1.xml" >"server-$1.log" 2>&1 &
	pids+=($!)
	until [[ $(ask "$1" 'SELECT 1' 2>&1) == 1 ]]; do kill -0 "${pids[-1]}" && sleep 0.2; done
}

ask() { curl -sS "http://127.0.0.1:1892$1/" --data-binary "$2"; }

until (exec 3<>/dev/tcp/127.0.0.1/12181 && exec 4<>/dev/tcp/127.0.0.1/12182) 2>/dev/null; do sleep 0.2; done
start 1 12181
start 2 12182
for server in 1 2; do
	ask $server "CREATE TABLE t (n UInt64) ENGINE = ReplicatedMergeTree('/t', '$server') ORDER BY n"
done
ask 2 'SYSTEM STOP FETCHES t'

{
	for ((n = 1; n <= 50; n++)); do
		ask 1 "INSERT INTO t VALUES ($n)"
		seen=
		for ((asked = 0; asked < 100; asked++)); do
			answer=$(ask 2 'SELECT log_max_index, log_pointer, inserts_in_queue, (SELECT count() FROM t) FROM system.replicas')
			read -r last pointer queue rows <<<"$answer"
			((last == n - 1 && pointer == n && queue == n - 1 && rows == 0)) && seen=yes
			((queue == n)) && break
		done
		((queue == n)) || echo "after 100 answers: $answer"
		[[ -z $seen ]] || break
	done
	echo "an answer that has pulled the entry of the last INSERT and does not count it: ${seen:-no}"
	echo "a later answer counts it: $((queue == n))"
	echo "rows: $rows"
} >seen
cat seen
diff seen - <<-'SEEN'
	an answer that has pulled the entry of the last INSERT and does not count it: yes
	a later answer counts it: 1
	rows: 0
SEEN
