import { vi } from "vitest";
import type { Claim } from "../../../src/control/port";
import type { HeldTable } from "../../../src/core/holdings";
import { Cluster } from "../../../src/platforms/kubernetes/ask/cluster";
import type { Stored } from "../../../src/platforms/kubernetes/ask/record";
import { create, type Spec } from "../../../src/platforms/kubernetes/change/create";
import { type KubernetesSettings, readSettings } from "../../../src/platforms/kubernetes/render/settings-schema";
import { v } from "../../build";
import type { FakeApi } from "./fake-api";

/** Nobody answers at the registry of the image, so that its tag is what counts. */
export function settingsOf(more: object = {}): KubernetesSettings {
	const read = readSettings({ namespace: "db", image: "127.0.0.1:1/db", passwordSecret: { name: "p" }, ...more });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	return read.settings;
}

/** Access to a cluster whose login can be read. */
export function clusterOn(api: FakeApi, name = "db"): Cluster {
	api.put("secrets", { metadata: { name: "p" }, data: { password: "cA==" } });
	return new Cluster(name, settingsOf(), undefined, api);
}

export const specOf = (more: Partial<Spec> = {}): Spec => ({
	name: "db",
	owner: "a/b/db",
	generation: "g",
	version: v("1.8.0"),
	shards: 1,
	replicas: 2,
	settings: settingsOf(),
	...more,
});

/** A cluster that serves, and the claim with which it was made. */
export async function made(api: FakeApi, spec: Spec = specOf()): Promise<{ cluster: Cluster; claim: Claim }> {
	const cluster = clusterOn(api, spec.name);
	const claim = await cluster.record.claim("test", 60);
	await create(cluster, claim, spec);
	await cluster.record.under(claim, ({ mark: _, ...stored }) => stored);
	return { cluster, claim };
}

/** The record of a cluster that others made. */
export const recordOf = (name: string, stored: Partial<Stored>) => ({
	metadata: { name: `${name}-dbcluster`, labels: { "pulumi-dbcluster/cluster": name } },
	data: { record: JSON.stringify({ fence: 0, openedBy: {}, opening: {}, owner: `a/b/${name}`, ...stored }) },
});

/** What a server answers when it is asked what it holds. Tables whose rows are unknown are of an engine that counts none. */
export const inventoryRows = (tables: readonly HeldTable[], replica = ""): object[] => {
	const row = (kind: string, a: string, b: string, more: object = {}) => ({ kind, a, b, c: "", d: "", n: 0, ...more });
	return tables.flatMap((table) => {
		const { database, name, path, rows } = table;
		const engine = rows === null ? "Log" : table.engine;
		return [
			row("table", database, name, { c: engine }),
			...(path === undefined ? [] : [row("path", database, name, { c: path, d: replica })]),
			...(rows ? [row("rows", database, name, { n: rows })] : []),
		];
	});
};

/** What becomes of some work in so many milliseconds of virtual time; an error if it goes on then. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
	const ended = work.then(
		(value) => () => value,
		(error: unknown) => () => {
			throw error;
		},
	);
	await vi.advanceTimersByTimeAsync(milliseconds);
	const goesOn = new Promise<never>((_, reject) => setImmediate(() => reject(new Error("it goes on"))));
	return (await Promise.race([ended, goesOn]))();
}
