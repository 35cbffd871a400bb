import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { type Imported, imported } from "../../../src/pulumi/apply/imported";
import { OneLineError } from "../../../src/pulumi/host/failure";
import * as provider from "../../../src/pulumi/provider";
import { reasonsIn } from "../../reasons";
import { Engine, type Properties, running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const owner = "p/s/a";
const id = "scripted:here/a";

async function refusal(id: string): Promise<string> {
	const error = await imported(id, owner).then(
		() => new Error("it was imported"),
		(reason: unknown) => reason,
	);
	expect(error).toBeInstanceOf(OneLineError);
	return (error as Error).message;
}

/** What Pulumi does right after an import, and with the printed program: both see the imported inputs as the old ones. */
async function previewOf({ id, inputs, outputs }: Pick<Imported, "id" | "inputs" | "outputs">, args = inputs) {
	const { inputs: news = {}, failures = [] } = await provider.check(inputs, args);
	const { changes } = await provider.diff(id, outputs, news);
	return { news, changes, refused: reasonsIn(failures) };
}

/** An engine whose state came from an import. */
function resumed({ id, inputs, outputs }: Imported): Engine {
	return Object.assign(new Engine(), { id, inputs: { ...inputs }, outputs: { ...outputs } });
}

/** What a printed program says: Pulumi prints what the schema has. */
const printed = ({ inputs: { owner: _, endpoint: __, unfinished: ___, ...args } }: Imported): Properties => args;

/** How updates go, as a person would write it: no value is the default. */
const update = fc
	.record(
		{
			policy: fc.constant("any"),
			judge: fc.constant("recorded"),
			drainSeconds: fc.integer({ min: 31, max: 100 }),
			stallSeconds: fc.integer({ min: 301, max: 900 }),
			shardsAtOnce: fc.integer({ min: 5, max: 9 }),
			localTables: fc.constantFrom(["default.loc"], ["scratch.*", "a.b"]),
			hold: fc.record(
				{ seconds: fc.integer({ min: 1, max: 9 }), errors: fc.constant(0.5) },
				{ requiredKeys: ["seconds"] },
			),
			rehearsal: fc.constantFrom({ policy: "required" }, { queries: 7 }, { policy: "off", queries: 0 }),
			window: fc.record(
				{ schedule: fc.constant("0 2 * * 6"), minutes: fc.constant(240), timeZone: fc.constant("Europe/Berlin") },
				{ requiredKeys: ["schedule", "minutes"] },
			),
			ignoreWindow: fc.constant(true),
		},
		{ requiredKeys: [] },
	)
	.filter((all) => Object.keys(all).length > 0);

describe("an import", () => {
	test("of any cluster gives the arguments that made it, and nothing is left to do", async () => {
		const programs = fc.record(
			{
				version: fc.constantFrom("1.7.1", "1.8.0", "1.9.0"),
				shards: fc.integer({ min: 1, max: 2 }),
				replicas: fc.integer({ min: 1, max: 3 }),
				scripted: fc.record(
					{ folder: fc.constantFrom("here", "there"), memory: fc.constantFrom("1Gi", "2Gi") },
					{ requiredKeys: [] },
				),
				desiredState: fc.constantFrom("Started", "Stopped"),
				deletionPolicy: fc.constantFrom("Retain", "Delete"),
				update,
			},
			{ requiredKeys: ["version", "replicas", "scripted"] },
		);
		const owners = fc.constantFrom(owner, "p/other/a");
		await fc.assert(
			fc.asyncProperty(programs, owners, async (program, former) => {
				scripted.worlds.clear();
				const first = new Engine();
				await first.up({ ...program, owner: former });
				world().log.length = 0;
				const { folder, memory } = program.scripted;
				const found = await imported(`scripted:${folder ?? "here"}/a`, owner);
				expect(found.id).toBe(first.id);
				expect(printed(found)).toEqual({
					name: "a",
					version: program.version,
					replicas: program.replicas,
					...(program.shards === 2 && { shards: 2 }),
					...(program.update && { update: program.update }),
					...(former !== owner && { adopt: true }),
					scripted: { ...(folder === "there" && { folder }), ...(memory && { memory }) },
				});
				expect(await previewOf(found)).toMatchObject({ changes: false, refused: [] });
				// What the import could not know is left out of what it gives, and named.
				const { state, replicaVersions, endpoint, latestVersion } = first.outputs;
				expect(found.outputs).toMatchObject({ state, replicaVersions, endpoint, latestVersion, owner });
				expect(found.notes.at(-1)).toBe(
					"a: versions, deletionPolicy, desiredState and scripted.key are not stored with a cluster, so they are not imported. If another program set them, set them in this one, too.",
				);
				expect(world().log).toEqual([]);
			}),
			{ numRuns: 60 },
		);
	});

	test("without a state is the resource that it was, and can be updated and destroyed", async () => {
		await running("1.8.0");
		const { generation } = world().present();
		const found = await imported(id, owner);
		expect(found.inputs).not.toHaveProperty("adopt");
		expect(found.outputs).toMatchObject({ generation });
		expect(found.notes).toHaveLength(1);
		const engine = resumed(found);
		expect(await engine.up({ ...printed(found), version: "1.9.0" })).toBe(true);
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
		await engine.refresh();
		await provider.delete(engine.id, engine.outputs);
		expect(world().cluster).toBeUndefined();
	});

	test("of another resource's cluster leaves it the other's until an update, and then it is this one's alone", async () => {
		const other = new Engine();
		await other.up({ version: "1.8.0", owner: "p/other/a" });
		const found = await imported(id, owner);
		expect(found.inputs).toMatchObject({ adopt: true });
		expect(found.notes[0]).toMatch(
			/^a belongs to p\/other\/a, so the import set adopt: true\. Keep adopt: true until a pulumi up/,
		);
		const { adopt: _, ...without } = found.inputs;
		expect((await previewOf(found, without)).refused).toEqual([
			"name: a cluster a already exists and belongs to p/other/a. Set adopt to true to take it over, or set another name.",
		]);

		await provider.delete(found.id, found.outputs);
		expect(world().present().owner).toBe("p/other/a");
		expect(lines).toContain(
			"a still belongs to p/other/a, because no pulumi up made this resource its owner: the cluster is kept, and only the Pulumi resource was removed.",
		);

		const engine = resumed(found);
		await engine.up({ ...printed(found), version: "1.9.0" });
		expect(world().present()).toMatchObject({ owner, generation: engine.outputs.generation });
		await provider.delete(other.id, other.outputs);
		expect(world().present().owner).toBe(owner);
		const { adopt: __, ...args } = printed(found);
		expect(await engine.preview({ ...args, version: "1.9.0" })).toMatchObject({ changes: false, refused: [] });
		await provider.delete(engine.id, engine.outputs);
		expect(world().cluster).toBeUndefined();
	});

	test("of an update that stopped midway asks for its version, so that the next up resumes it", async () => {
		const engine = await running("1.7.1");
		world().engines.set("a-0-0@1.9.0", { fate: "exits", boots: 20 });
		await engine.fails({ version: "1.9.0" });
		world().engines.set("a-0-0@1.9.0", { boots: 20 });
		const found = await imported(id, owner);
		expect(found.inputs).toMatchObject({ version: "1.9.0" });
		expect(found.notes[0]).toBe("an update of a from 1.7.1 to 1.9.0 is not finished: the next pulumi up resumes it.");
		expect(await previewOf(found)).toMatchObject({ changes: true, refused: [] });
		await resumed(found).up(printed(found));
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("of a stopped cluster leaves it stopped", async () => {
		await running("1.8.0", { desiredState: "Stopped", ...forward });
		const found = await imported(id, owner);
		expect(found.outputs).toMatchObject({ state: "Stopped" });
		expect(await previewOf(found)).toMatchObject({ changes: false, refused: [] });
	});

	test("of what DbCluster does not manage shows the takeover as the one change, until it is done", async () => {
		scripted.foreign = true;
		const found = await imported(id, owner);
		expect(printed(found)).toEqual({ name: "a", version: "1.8.0", replicas: 2, adopt: true, scripted: {} });
		expect(found.outputs).toMatchObject({ state: "Started", version: "1.8.0" });
		expect(found.notes[0]).toMatch(/^a is not managed by DbCluster yet: the next pulumi up takes it over/);
		// As a new resource, too, it is adopted as it is.
		expect((await new Engine().preview(printed(found))).refused).toEqual([]);

		const engine = resumed(found);
		await engine.refresh();
		expect(engine.id).toBe(id);
		const preview = await engine.preview(printed(found));
		expect(preview).toMatchObject({
			changes: true,
			refused: [],
			inputs: { caveats: { "taken over": { replicas: "a-0-0, a-0-1 go on" } } },
		});
		expect(world().cluster).toBeUndefined();
		await engine.up(printed(found));
		expect(world().present()).toMatchObject({ owner, generation: engine.outputs.generation });
		const { adopt: _, ...args } = printed(found);
		expect(await engine.preview(args)).toMatchObject({ changes: false, refused: [] });
	});

	test("of what DbCluster does not manage can be given up again, and nothing is touched", async () => {
		scripted.foreign = true;
		const found = await imported(id, owner);
		await provider.delete(found.id, found.outputs);
		expect(world().log).toEqual([]);
	});
});

describe("an id", () => {
	test.each([
		"nonsense",
		"scripted",
		"scripted:a",
		"scripted:/a",
		"scripted:here/",
		"scripted:no place/a",
		"scripted:here/Not-A-Name",
		"scripted:here/a=B",
		"scripted:here/a=",
		"other:here/a",
		"toString:here/a",
		"",
	])("%j is none, and one error says what one looks like", async (wrong) => {
		expect(await refusal(wrong)).toBe(
			`${JSON.stringify(wrong)} is not the id of a cluster. An id has one of these forms: (1) scripted:FOLDER/NAME, such as scripted:here/a.`,
		);
	});

	test("of a cluster that does not exist is told so", async () => {
		expect(await refusal("scripted:here/b")).toBe("there is no cluster b in here.");
	});

	test("whose place can't be asked is told why", async () => {
		await running("1.8.0");
		scripted.unreachable = true;
		expect(await refusal(id)).toBe("connection refused.");
	});

	test("whose record holds what this release does not know is told so", async () => {
		await running("1.8.0");
		world().present().settings = JSON.stringify({ folder: 7 });
		const find = vi
			.spyOn(scripted.platform, "read")
			.mockReturnValue({ problems: [{ path: ["folder"], reason: "7 is not a folder." }] });
		expect(await refusal(id)).toMatch(
			/^the record of scripted:here\/a holds arguments .*: scripted\.folder: 7 is not a folder\. Import it/,
		);
		find.mockRestore();
	});
});
