import { expect, test } from "vitest";
import { type ConfiguredContainer, configFolderOf } from "../../../../src/platforms/kubernetes/trial/config-folder";

const own = "/etc/clickhouse-server/config.d";
const mounted = (mountPath: string) => ({ volumeMounts: [{ mountPath: "/var/lib/clickhouse" }, { mountPath }] });

test.each<[string, ConfiguredContainer, string | undefined]>([
	["ClickHouse's own images", { image: "clickhouse/clickhouse-server:24.8.1.2" }, own],
	["files that are mounted there", mounted("/etc/clickhouse-server/conf.d"), own],
	["an argument", { args: ["--config-file=/config/main.xml"] }, "/config/main.d"],
	["an argument in two words", { command: ["clickhouse-server", "--config", "/c/a.yaml"] }, "/c/a.d"],
	["a short argument", { args: ["-C/c/a.xml"] }, "/c/a.d"],
	["a line of the shell", { command: ["sh", "-c", "exec clickhouse-server --config-file='/c/a.xml'"] }, "/c/a.d"],
	["the entrypoint's variable", { env: [{ name: "CLICKHOUSE_CONFIG", value: "/c/a.xml" }] }, "/c/a.d"],
	["a path that the shell fills in", { command: ["sh", "-c", 'server --config-file="$DIR/a.xml"'] }, undefined],
	["an image with folders of its own", { image: "docker.io/bitnamilegacy/clickhouse:25.7.5" }, undefined],
	["files that are mounted elsewhere", mounted("/bitnami/clickhouse/etc/conf.d/default"), undefined],
])("by %s", (_, container, expected) => expect(configFolderOf(container)).toBe(expected));
