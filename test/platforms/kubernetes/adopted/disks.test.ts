import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataProblems } from "../../../../src/platforms/kubernetes/adopted/data";
import { inventoryOf } from "../../../../src/platforms/kubernetes/ask/inventory";
import { versions } from "../../local/place";
import { BareEngine } from "../bare-engine";
import { server } from "./existing";

/** A server whose data is on a volume claim, and two disks on the scratch space of its node: of `tmp_policy`, and `cold`. */
describe.each([versions.v1, versions.v2])("ClickHouse %s", (version) => {
	const folder = mkdtempSync(join(tmpdir(), "dbcluster-disks-"));
	const place = (tag: "disk" | "volume", name: string) =>
		tag === "disk"
			? `<${name}><path>${folder}/${name}/</path></${name}>`
			: `<${name}><volumes><v><disk>${name}</disk></v></volumes></${name}>`;
	const config = (...disks: readonly string[]) =>
		`<storage_configuration><disks>${disks.map((disk) => place("disk", disk)).join("")}</disks><policies>${disks.map((disk) => place("volume", disk)).join("")}</policies></storage_configuration><tmp_policy>scratch</tmp_policy>`;

	const problems = async (engine: BareEngine) => {
		const volumeMounts = [
			{ name: "data", mountPath: "/" },
			{ name: "nvme", mountPath: folder },
		];
		const pod = {
			metadata: { name: "chi-0" },
			spec: {
				containers: [server({ volumeMounts })],
				volumes: [
					{ name: "data", persistentVolumeClaim: { claimName: "data-chi-0" } },
					{ name: "nvme", emptyDir: {} },
				],
			},
		};
		const existing = { statefulSets: ["chi"], services: ["chi"], container: "clickhouse", httpPort: 8123 };
		const asked = { pod, server: engine.server, inventory: await inventoryOf(engine.server) };
		return dataProblems(existing, [asked]);
	};
	const lost = (disk: string) => [
		expect.stringContaining(`would lose data: ${folder}/${disk}/ is on the emptyDir volume nvme`),
	];

	let engine: BareEngine;
	beforeAll(async () => {
		engine = await BareEngine.open(version, config("scratch"));
	});
	afterAll(async () => {
		await engine?.close();
		rmSync(folder, { recursive: true, force: true });
	});

	it("may lose what only temporary data of queries uses", async () => {
		expect(await problems(engine)).toEqual([]);
	});

	it.each(["MergeTree ORDER BY n SETTINGS storage_policy = 'scratch'", "Log SETTINGS disk = 'scratch'"])(
		"may not lose a table there: %s",
		async (table) => {
			await engine.sql(`CREATE TABLE default.rows (n UInt64) ENGINE = ${table}`);
			expect(await problems(engine)).toEqual(lost("scratch"));
			await engine.sql("DROP TABLE default.rows");
			expect(await problems(engine)).toEqual([]);
		},
	);

	it("may not lose a disk that tables will be on", async () => {
		const other = await BareEngine.open(version, config("scratch", "cold"));
		expect(await problems(other)).toEqual(lost("cold"));
		await other.close();
	});
});
