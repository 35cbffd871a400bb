import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { check } from "../../src/pulumi/check";
import { create } from "../../src/pulumi/create";
import { Space, unavailable } from "./harness";
import { deploy, existing, kubectl, running } from "./made-by-others";
import { makeRows } from "./tables";

const minute = 60_000;
const replicas = ["clickhouse-0", "clickhouse-1"];
const rows = 100_000;
const its = { statefulSets: ["clickhouse"], services: ["clickhouse"] };

/** The plain manifest, with its data where it ends with the pod. */
function onScratch(text: string): string {
	const edited = text
		.replace(/ {2}volumeClaimTemplates:[\s\S]*$/, "")
		.replace(/( +)volumes:\n/, "$&$1  - name: clickhouse-data\n$1    emptyDir: {}\n");
	expect(edited).not.toBe(text);
	return edited;
}

describe.skipIf(unavailable !== undefined)("StatefulSets of others whose data ends with their pods", () => {
	let space: Space;

	const args = (version = "1.7.1") => ({
		owner: "project/stack/db",
		name: "db",
		version,
		versions: { list: [{ version: "1.7.1" }, { version: "1.8.0" }] },
		replicas: 2,
		adopt: true,
		kubernetes: existing(space, its),
	});
	const counts = () => Promise.all(replicas.map((pod) => space.queryPod(pod, "SELECT count() FROM rows")));
	const managed = () => kubectl(space, ["get", "statefulset", "clickhouse", "--output", "yaml"]);

	beforeAll(async () => {
		space = await Space.open();
		await deploy(space, "plain", replicas, onScratch);
		await makeRows(space, replicas);
		await space.queryPod("clickhouse-0", `INSERT INTO rows SELECT number FROM system.numbers LIMIT ${rows}`);
		await expect.poll(counts, { timeout: minute }).toEqual(Array(2).fill(String(rows)));
	}, 4 * minute);
	afterAll(() => space?.close());

	test("are not taken over: preview and up say which volume, and every row stays", {
		timeout: 2 * minute,
	}, async () => {
		const before = await running(space, replicas, "clickhouse-data");
		const set = await managed();
		const lost =
			"clickhouse-0, clickhouse-1 would lose data with the pod: /var/lib/clickhouse/ is on the emptyDir volume clickhouse-data.";
		const { inputs = {}, failures = [] } = await check({}, args());
		expect(failures.map(({ reason }) => reason)).toEqual([expect.stringContaining(lost)]);
		expect(failures[0]?.property).toBe("kubernetes.existing.statefulSets");
		// Also where nobody has asked before: by a saved plan, say.
		await expect(create({ ...inputs, ...args() })).rejects.toThrow(lost);
		expect(await counts()).toEqual(Array(2).fill(String(rows)));
		expect(await running(space, replicas, "clickhouse-data")).toEqual(before);
		expect(await managed()).toBe(set);
	});

	test("are taken over once their data is on claims, and say where it is", { timeout: 4 * minute }, async () => {
		for (const pod of replicas) await space.queryPod(pod, "DROP TABLE rows");
		await kubectl(space, ["delete", "statefulset", "clickhouse", "--wait"]);
		await kubectl(space, ["wait", "--for=delete", "pod/clickhouse-0", "pod/clickhouse-1", "--timeout=60s"]);
		await deploy(space, "plain", replicas);
		const { failures = [] } = await check({}, args());
		expect(failures).toEqual([]);
	});
});
