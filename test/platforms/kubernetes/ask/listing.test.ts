import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { fromListing } from "../../../../src/platforms/kubernetes/ask/listing";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";

let spaces = 0;

/** A namespace with these clusters' records, each with one StatefulSet, and what was asked of it. */
function namespaceOf(clusters: readonly string[], { forbidden = false } = {}) {
	const namespace = `listing-${++spaces}`;
	const asked: string[] = [];
	const labels = (cluster: string) => ({ "pulumi-dbcluster/cluster": cluster, "pulumi-dbcluster/shard": "0" });
	const objects: Record<string, readonly object[]> = {
		configmaps: clusters.map((cluster) => ({
			metadata: { name: `${cluster}-dbcluster`, labels: labels(cluster) },
			data: { record: JSON.stringify({ owner: cluster, shards: 1, replicas: 2 }) },
		})),
		statefulsets: clusters.map((cluster) => ({
			metadata: { name: `${cluster}-0`, labels: labels(cluster) },
			spec: { replicas: 2, template: { spec: { containers: [] } } },
		})),
	};
	const connection: Connection = {
		server: "https://test",
		now: Date.now,
		awayAt: () => undefined,
		async send({ path }) {
			const [, kind = ""] = /namespaces\/[^/]+\/(\w+)\?/.exec(path) ?? [];
			asked.push(`list ${kind}`);
			if (forbidden) return { status: 403, text: JSON.stringify({ kind: "Status", message: "is forbidden" }) };
			return { status: 200, text: JSON.stringify({ items: objects[kind] }) };
		},
	};
	const read = readSettings({ namespace, image: "a/b", passwordSecret: { name: "p" } });
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	const { settings } = read;
	const of = (name: string, age = 60_000) => fromListing(new Cluster(name, settings, undefined, connection), age);
	return { asked, of };
}

const names = Array.from({ length: 1000 }, (_, index) => `db${index}`);

describe("a list of a namespace", () => {
	it("does for all of a thousand clusters but the first few", async () => {
		const { asked, of } = namespaceOf(names);
		const found = [];
		for (const name of names) found.push(await of(name));
		const first = found.findIndex((each) => each !== undefined);
		expect(first).toBe(3);
		expect(found.slice(first).map((each) => each?.[0].owner)).toEqual(names.slice(first));
		expect(found.at(-1)?.[1].map(({ metadata }) => metadata.name)).toEqual(["db999-0"]);
		expect(asked).toEqual(["list configmaps", "list statefulsets"]);
	});

	it("is asked for once by questions at the same time, and again once it is too old", async () => {
		const { asked, of } = namespaceOf(names.slice(0, 10));
		await Promise.all(names.slice(0, 10).map((name) => of(name)));
		expect(asked).toHaveLength(2);
		await of("db4", 0);
		expect(asked).toHaveLength(4);
	});

	it("says nothing of a cluster that it lacks, nor where it is forbidden: that one is read by itself", async () => {
		const few = namespaceOf(names.slice(0, 5));
		for (const name of names.slice(0, 5)) await few.of(name);
		expect(await few.of("another")).toBeUndefined();
		const forbidden = namespaceOf(names.slice(0, 5), { forbidden: true });
		const found = [];
		for (const name of names.slice(0, 5)) found.push(await forbidden.of(name));
		expect(found).toEqual([undefined, undefined, undefined, undefined, undefined]);
		expect(forbidden.asked).toEqual(["list configmaps", "list statefulsets"]);
	});
});
