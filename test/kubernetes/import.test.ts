import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Imported, imported } from "../../src/pulumi/apply/imported";
import { Space, unavailable, versions } from "./harness";
import { deploy, existing, running, serviceOf, setOf, untilServing } from "./made-by-others";
import { type Properties, Resource } from "./resource";
import { makeRows } from "./tables";

const minute = 60_000;
const owner = "project/stack/imported";

/** What a printed program says: Pulumi prints what the schema has. */
const printed = ({ inputs: { owner: _, endpoint: __, unfinished: ___, ...args } }: Imported): Properties => args;

/** A resource whose state is what was imported. */
function resourceOf(found: Imported): Resource {
	const resource = new Resource({ owner });
	resource.enter(found);
	return resource;
}

/** The default kubeconfig is that of the Role, since an import knows no other. */
describe.skipIf(unavailable !== undefined)("pulumi import", () => {
	const folder = mkdtempSync(join(tmpdir(), "dbcluster-import-"));
	const spaces: Space[] = [];
	let space: Space;
	const open = async () => {
		space = await Space.open();
		spaces.push(space);
		const file = join(folder, space.namespace);
		writeFileSync(file, String(space.given().kubeconfig), { mode: 0o600 });
		vi.stubEnv("KUBECONFIG", file);
	};
	const refusal = (id: string) =>
		imported(id, owner).then(
			() => "it was imported",
			(error: Error) => error.message,
		);

	afterEach(() => void vi.restoreAllMocks());
	afterAll(async () => {
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true, force: true });
		for (const each of spaces) await each.close();
	});

	describe("of a cluster that DbCluster created", () => {
		let args: Properties;
		let first: Resource;
		let made: Properties;

		beforeAll(async () => {
			await open();
			const { kubeconfig: _, ...kubernetes } = space.given();
			args = { name: "db", version: versions.v1, replicas: 2, kubernetes };
			first = new Resource({ owner: "project/stack/first" });
			made = await first.up(args);
			await space.reachable("db");
		}, 5 * minute);

		test("gives the arguments that made it, and the printed program has nothing to change", async () => {
			const pods = await running(space, ["db-0-0", "db-0-1"], "data");
			const found = await imported(`kubernetes:${space.namespace}/db`, owner);
			expect(printed(found)).toEqual({ ...args, adopt: true });
			expect(found.outputs).toMatchObject({
				state: "Started",
				server: made.server,
				endpoint: made.endpoint,
				replicaVersions: made.replicaVersions,
			});
			expect(await resourceOf(found).preview(printed(found))).toMatchObject({ refused: [], changes: false });
			expect(await running(space, ["db-0-0", "db-0-1"], "data")).toEqual(pods);
		});

		test("is followed by an update, which makes the cluster this resource's alone", async () => {
			const found = await imported(`kubernetes:${space.namespace}/db`, owner);
			const update = { policy: "any", drainSeconds: 5 };
			const resource = resourceOf(found);
			const next = { ...printed(found), version: versions.v2, update };
			const outputs = await resource.up(next);
			expect(outputs).toMatchObject({ version: versions.v2, previousVersion: versions.v1, state: "Started" });
			await first.destroy();
			expect(await space.control().record()).toMatchObject({ owner, generation: outputs.generation });
			const again = await imported(found.id, owner);
			expect(printed(again)).toEqual({ ...args, version: versions.v2, update });
			const { adopt: _, ...mine } = next as Properties;
			expect(await resource.preview(mine)).toMatchObject({ refused: [], changes: false });
			await resource.destroy();
			expect(await refusal(found.id)).toContain(`has no cluster 'db' and no StatefulSet of that name`);
		});
	});

	describe("of StatefulSets that kubectl made", () => {
		const replicas = ["clickhouse-0", "clickhouse-1"];

		beforeAll(async () => {
			await open();
			await deploy(space, replicas);
			await makeRows(space, replicas);
		}, 5 * minute);

		test("gives the arguments that adopt them as they are; the next up takes them over without a restart", async () => {
			const before = await running(space, replicas, "clickhouse-data");
			const set = await setOf(space, "clickhouse");
			const found = await imported(`kubernetes:${space.namespace}/clickhouse`, owner);
			const { kubeconfig: _, ...kubernetes } = existing(space, {
				statefulSets: ["clickhouse"],
				services: ["clickhouse"],
			});
			expect(printed(found)).toEqual({
				name: "clickhouse",
				version: versions.v1,
				replicas: 2,
				adopt: true,
				kubernetes,
			});
			expect(found.notes[0]).toContain("is not managed by DbCluster yet");
			expect(await setOf(space, "clickhouse")).toEqual(set);

			const resource = resourceOf(found);
			await resource.refresh();
			const { refused, changes, inputs } = await resource.preview(printed(found));
			expect({ refused, changes }).toEqual({ refused: [], changes: true });
			expect(inputs.caveats).toMatchObject({
				"taken over": { replicas: "clickhouse-0, clickhouse-1 keep running; none restarts" },
			});
			await resource.up(printed(found));
			expect(await running(space, replicas, "clickhouse-data")).toEqual(before);
			const { adopt: __, ...mine } = printed(found);
			expect(await resource.preview(mine)).toMatchObject({ refused: [], changes: false });

			// Now it has a record, and an import of it without any state finds the same.
			const again = await imported(found.id, owner);
			expect(printed(again)).toEqual(mine);
			expect(await resourceOf(again).preview(mine)).toMatchObject({ refused: [], changes: false });
			await resource.destroy();
			expect(await running(space, replicas, "clickhouse-data")).toEqual(before);
			expect((await serviceOf(space, "clickhouse"))?.spec.selector).toEqual({ app: "clickhouse" });
		});

		test("says what there is where the id names nothing", async () => {
			expect(await refusal(`kubernetes:${space.namespace}/sales`)).toContain(
				"has no cluster 'sales' and no StatefulSet of that name. Its clusters: none. Its other StatefulSets: clickhouse.",
			);
		});

		test("says that the API server forbids it", async () => {
			expect(await refusal("kubernetes:kube-system/db")).toMatch(/forbids this request: .*forbidden/);
		});
	});

	describe("of what a Helm chart made", () => {
		const shards = ["shop-clickhouse-shard0", "shop-clickhouse-shard1"];
		const replicas = shards.flatMap((set) => [`${set}-0`, `${set}-1`]);

		beforeAll(async () => {
			await open();
			const { install } = await import("./helm.mts");
			await install(space);
			await untilServing(space, replicas);
			await makeRows(space, replicas);
		}, 5 * minute);

		test("names the shards, and says which part of the login it could not find out", async () => {
			const id = `kubernetes:${space.namespace}/shop=${shards.join(",")}`;
			const found = await imported(id, owner);
			const {
				kubeconfig: _,
				user,
				...kubernetes
			} = existing(space, {
				statefulSets: shards,
				services: ["shop-clickhouse"],
				container: "db",
			});
			expect(found.id).toBe(`kubernetes:${space.namespace}/shop`);
			expect(printed(found)).toEqual({
				name: "shop",
				version: versions.v1,
				shards: 2,
				replicas: 2,
				adopt: true,
				kubernetes,
			});
			// Its user stands in a file of the chart's.
			expect(found.notes[0]).toMatch(/^The login of shop is not known: .* Set kubernetes\.user/);
			const resource = resourceOf(found);
			const args = { ...printed(found), kubernetes: { ...kubernetes, user } };
			expect(await resource.preview(args)).toMatchObject({ refused: [], changes: true });
			const before = await running(space, replicas, "data");
			await resource.up(args);
			expect(await running(space, replicas, "data")).toEqual(before);
			expect(await resource.preview(args)).toMatchObject({ refused: [], changes: false });
		});
	});
});
