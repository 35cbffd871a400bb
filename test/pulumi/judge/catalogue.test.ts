import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { fakeRegistry } from "../../remote/fake-registry";
import { TestServer } from "../../remote/server";
import { base, Engine, type Properties, running } from "../engine";
import { scripted } from "../scripted-platform";
import { lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

afterEach(() => void vi.useRealTimers());

const forgetting = () => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });

/** A document that can be changed, at an address that nobody has asked for yet. */
async function document(entries: unknown[]) {
	const said = { entries, status: 200 };
	const server = await TestServer.open((_, response) => {
		response.statusCode = said.status;
		response.end(JSON.stringify(said.entries));
	});
	return { said, server, versions: { url: `${server.url}/${randomUUID()}` } };
}

describe("versions.url", () => {
	test("is what latest means, what exists and what is told of it", async () => {
		const { said, versions } = await document(["1.7.1", "1.8.0"]);
		const engine = await running("latest", { versions });
		expect(engine.outputs).toMatchObject({ version: "1.8.0", latestVersion: "1.8.0", updateAvailable: false });
		expect((await engine.preview({ version: "1.9.0", versions })).refused).toEqual([
			expect.stringMatching(/^version: 1\.9\.0 is not a known version; the newest that can be set is 1\.8\.0\./),
		]);

		said.entries = ["1.8.0", { version: "1.9.0", date: "2026-11-01", notes: "https://a.b/1.9.0", deprecated: "slow" }];
		forgetting();
		const { inputs, refused } = await engine.preview({ version: "1.9.0", versions });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { notes: "2026-11-01, https://a.b/1.9.0", deprecated: "slow" },
		});
	});

	test("a refresh tells what has come out since, and a new run is needed for no more than that", async () => {
		const { said, server, versions } = await document(["1.8.0"]);
		const engine = await running("1.8.0", { versions });
		expect(engine.outputs).toMatchObject({ latestVersion: "1.8.0", updateAvailable: false });
		said.entries = ["1.8.0", "1.9.0", { version: "1.10.0", blocked: "corrupts indexes" }];
		forgetting();
		await engine.refresh();
		expect(engine.outputs).toMatchObject({ version: "1.8.0", latestVersion: "1.9.0", updateAvailable: true });
		expect(await engine.preview({ version: "1.8.0", versions })).toMatchObject({ changes: false, refused: [] });
		expect(server.asked).toHaveLength(2);
		await engine.up({ version: "latest", versions });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
		expect(engine.outputs).toMatchObject({ latestVersion: "1.9.0", updateAvailable: false });
	});

	test("that goes backwards takes nothing back", async () => {
		const { said, versions } = await document(["1.8.0", "1.9.0"]);
		const engine = await running("latest", { versions });
		for (const entries of [["1.8.0"], ["1.8.0", { version: "1.9.0", blocked: true }]]) {
			said.entries = entries;
			forgetting();
			expect(await engine.preview({ version: "latest", versions })).toMatchObject({
				changes: false,
				refused: [],
				inputs: { version: "1.9.0" },
			});
			await engine.refresh();
			expect(engine.outputs).toMatchObject({ version: "1.9.0", latestVersion: "1.8.0", updateAvailable: false });
		}
	});

	test("that can't be had is unknown: the caveats say so, and only latest is refused", async () => {
		const { said, versions } = await document([]);
		said.status = 404;
		const engine = await running("1.8.0", { versions });
		expect(lines).toContainEqual(
			expect.stringMatching(
				/^a: it was not checked whether 1\.8\.0 exists, because the catalogue can't be read: .* status 404\. .*\.$/,
			),
		);
		expect(engine.outputs).toMatchObject({ updateAvailable: false });
		expect(engine.outputs).not.toHaveProperty("latestVersion");
		const { inputs, refused } = await engine.preview({ version: "1.9.0", versions });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": {
				catalogue: expect.stringMatching(/, because the catalogue can't be read: .*404\. Check the address/),
			},
		});
		expect((await engine.preview({ version: "latest", versions })).refused).toEqual([
			expect.stringMatching(/^version: "latest" can't be resolved, because the catalogue can't be read: .*404\./),
		]);
	});

	test("a thousand clusters cost one fetch, in preview and in up", async () => {
		const { server, versions } = await document(["1.8.0", "1.9.0"]);
		const engine = await running("1.8.0", { versions });
		expect(server.asked).toHaveLength(1);
		const inputs = Array.from({ length: 1000 }, () => ({ ...base, version: "latest", versions }));
		const checked = await Promise.all(inputs.map((news) => provider.check(engine.inputs, news)));
		expect(checked.map(({ inputs: settled }) => (settled as Properties).version)).toEqual(Array(1000).fill("1.9.0"));
		await engine.up({ version: "1.9.0", versions });
		expect(server.asked).toHaveLength(1);
	});

	test("that is not known yet is not asked for, also of a new cluster", async () => {
		const versions = { url: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
		for (const version of ["1.8.0", "latest"]) {
			expect((await new Engine().preview({ version, versions, name: "b" })).refused).toEqual([]);
		}
		expect(lines).toEqual([]);
	});

	test("an unchanged cluster needs no catalogue", async () => {
		const { server, versions } = await document(["1.8.0", "1.9.0"]);
		const engine = await running("1.8.0", { versions });
		await server.close();
		forgetting();
		expect(await engine.preview({ version: "1.8.0", versions })).toMatchObject({ changes: false, refused: [] });
	});
});

test("versions.registry: the tags of an image, filtered", async () => {
	const registry = await fakeRegistry(["1.7.1", "1.8.0", "latest", "1.9.0"]);
	const versions = { registry: { image: registry.image, tags: "^1\\.[78]" } };
	const engine = await running("latest", { versions });
	expect(engine.outputs).toMatchObject({ version: "1.8.0", latestVersion: "1.8.0" });
	expect((await engine.preview({ version: "1.9.0", versions })).refused).toHaveLength(1);
});

describe("a blocked version", () => {
	const list = [{ version: "1.8.0" }, { version: "1.9.0", blocked: "corrupts indexes" }];
	const versions = { list };

	test("is refused for a cluster that runs and for a new one, and is not the latest", async () => {
		const blocked = expect.stringMatching(/^version: 1\.9\.0 is blocked in the catalogue: corrupts indexes\. /);
		expect((await new Engine().preview({ version: "1.9.0", versions })).refused).toEqual([blocked]);
		const engine = await running("latest", { versions });
		expect(engine.outputs).toMatchObject({ version: "1.8.0", updateAvailable: false });
		expect((await engine.preview({ version: "1.9.0", versions })).refused).toEqual([blocked]);
	});

	test("stops an update that is still to begin, though preview approved it", async () => {
		const { said, versions } = await document(["1.8.0", "1.9.0"]);
		const engine = await running("1.8.0", { versions });
		const { inputs } = await engine.preview({ version: "1.9.0", versions });
		said.entries = ["1.8.0", { version: "1.9.0", blocked: "corrupts indexes" }];
		forgetting();
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/^1\.9\.0 is blocked/);
		expect(versionsNow()).toEqual(["1.8.0", "1.8.0"]);
	});

	test("stops an update that stopped midway from going on, and a later one goes on from there", async () => {
		const engine = await running("1.7.1");
		world().engines.set("a-0-1@1.8.0", { fate: "exits", boots: 20 });
		const any = { update: { policy: "any" } };
		const { inputs } = await engine.preview({ version: "1.8.0", ...any });
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/first of 2/);
		const fixed = { ...any, versions: { list: [{ version: "1.8.0", blocked: "corrupts" }, { version: "1.9.0" }] } };
		expect((await engine.preview({ version: "1.8.0", ...fixed })).refused).toEqual([
			expect.stringMatching(/^version: 1\.8\.0 is blocked .* stopped midway, .* Set version to 1\.9\.0 to resume/),
		]);
		await engine.up({ version: "1.9.0", ...fixed });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("that runs already is left alone, also where settings change", async () => {
		const engine = await running("1.9.0", { scripted: { folder: "here", memory: "1" } });
		await engine.up({ version: "1.9.0", versions, scripted: { folder: "here", memory: "2" } });
		expect(engine.outputs).toMatchObject({ version: "1.9.0", latestVersion: "1.8.0", updateAvailable: false });
	});
});

test("a deprecated version is not the latest, and a new cluster on it is told so", async () => {
	const versions = { list: [{ version: "1.8.0" }, { version: "1.9.0", deprecated: "1.8.0 is faster" }] };
	expect((await running("latest", { versions })).outputs).toMatchObject({ version: "1.8.0" });
	await new Engine().preview({ version: "1.9.0", versions, name: "b" });
	expect(lines).toContain("b: the catalogue marks 1.9.0 as deprecated: 1.8.0 is faster.");
});

describe("update.window", () => {
	const window = { schedule: "0 2 * * 6", minutes: 60, timeZone: "UTC" };
	const [tuesday, saturday] = [new Date("2026-11-24T12:00:00Z"), new Date("2026-11-28T02:30:00Z")];
	const at = (now: Date) => vi.useFakeTimers({ toFake: ["Date"], now });
	const held = { update: { window } };
	const closed =
		/^the maintenance window is closed until Sat 2026-11-28 02:00 \(UTC\), and no update to 1\.9\.0 starts/;

	test("outside of it preview says when it opens, and the update does not begin", async () => {
		at(tuesday);
		const engine = await running("1.8.0", held);
		const { inputs, refused } = await engine.preview({ version: "1.9.0", ...held });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": {
				window: "opens at 0 2 * * 6 (cron, UTC) for 60 minutes; no update starts outside the window",
			},
		});
		expect(lines).toContain(
			"the maintenance window of a is closed until Sat 2026-11-28 02:00 (UTC). A pulumi up before then is refused.",
		);
		const log = world().log.length;
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(closed);
		expect(world().log.slice(log)).toEqual([]);
		expect(world().record()?.mark).toBeUndefined();

		at(saturday);
		// A plan that was saved while it was closed is carried out: it holds only if its inputs are the same.
		expect((await engine.preview({ version: "1.9.0", ...held })).inputs).toEqual(inputs);
		expect(lines).toContain(
			"the maintenance window of a is open until Sat 2026-11-28 03:00 (UTC): a pulumi up before then is allowed.",
		);
		await engine.up({ version: "1.9.0", ...held });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("it can be ignored in an emergency, and the caveats say so", async () => {
		at(tuesday);
		const engine = await running("1.8.0", held);
		const update = { window, ignoreWindow: true };
		const { inputs } = await engine.preview({ version: "1.9.0", update });
		expect(JSON.stringify(inputs.caveats)).toContain("; ignored: update.ignoreWindow is set");
		await engine.up({ version: "1.9.0", update });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("an update that stopped midway goes on outside of it", async () => {
		at(saturday);
		const engine = await running("1.8.0", held);
		world().engines.set("a-0-0@1.9.0", { fate: "exits", boots: 20 });
		const { inputs } = await engine.preview({ version: "1.9.0", ...held });
		expect(JSON.stringify(inputs.caveats)).toContain("opens at 0 2 * * 6 (cron, UTC) for 60 minutes");
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(/second of 2/);
		world().engines.set("a-0-0@1.9.0", { boots: 20 });
		at(new Date("2026-11-30T12:00:00Z"));
		const resumed = await engine.preview({ version: "1.9.0", ...held });
		expect(JSON.stringify(resumed.inputs.caveats)).not.toContain("window");
		await engine.up({ version: "1.9.0", ...held });
		expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
	});

	test("settings that restart replicas wait for it, too; size and state do not", async () => {
		at(tuesday);
		const memory = (size: string) => ({ scripted: { folder: "here", memory: size } });
		const engine = await running("1.9.0", { ...held, ...memory("1") });
		const changed = { version: "1.9.0", ...held, ...memory("2") };
		const { inputs, refused } = await engine.preview(changed);
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"settings at 1.9.0": { window: expect.stringMatching(/^opens at .* for 60 minutes/) },
		});
		await expect(provider.update(engine.id, engine.outputs, inputs)).rejects.toThrow(closed);
		await engine.up({ version: "1.9.0", ...held, ...memory("1"), replicas: 3 });
		await engine.up({ version: "1.9.0", ...held, ...memory("1"), replicas: 3, desiredState: "Stopped" });
		expect(engine.outputs.state).toBe("Stopped");
		at(saturday);
		await engine.up({ ...changed, replicas: 3, desiredState: "Started" });
		expect(engine.outputs.state).toBe("Started");
	});

	test("is not judged while it is not known yet", async () => {
		at(tuesday);
		const engine = await running("1.8.0");
		const update = { window: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
		const { inputs, refused } = await engine.preview({ version: "1.9.0", update });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({
			"1.8.0 -> 1.9.0": { unknown: "update.window is not known yet, and is checked in the update" },
		});
	});
});

test("what an earlier release recorded is no change", async () => {
	const list = [{ version: "1.8.0", engine: "23.3" }, { version: "1.9.0" }];
	const update = { policy: "any", judge: "live", drainSeconds: 30, stallSeconds: 300, shardsAtOnce: 4 };
	for (const args of [{}, { versions: { list } }, { versions: {} }, { update }, { versions: { list }, update }]) {
		scripted.worlds.clear();
		const engine = await running("1.9.0", args);
		expect(await engine.preview({ version: "1.9.0", ...args })).toMatchObject({ changes: false, refused: [] });
	}
});

describe("a version that the package does not know", () => {
	const between = { versions: { list: ["1.7.1", "2.0.1"].map((version) => ({ version })) } };
	const beyond = { versions: { list: ["2.3.0", "3.0.0"].map((version) => ({ version })) } };

	test("has at least the engine of the nearest lower one that it knows: it is refused like that one", async () => {
		const engine = await running("1.7.1", between);
		expect((await engine.preview({ version: "2.0.1", ...between })).refused).toEqual([
			expect.stringMatching(
				/^version: \S+ runs 1\.7\.1 .*, and 2\.0\.1 \(assumed to be built on ClickHouse 24\.8, like 2\.0\.0\) must not /,
			),
		]);
	});

	test("and may have a later one: the caveats say so, unless no servers of both meet", async () => {
		const made = (args: Properties) => {
			scripted.worlds.clear();
			world().engines.set("2.3.0", { boots: 20 });
			return running("2.3.0", args);
		};
		const engine = await made(beyond);
		const lines = {
			engine: expect.stringMatching(
				/because the ClickHouse version of 3\.0\.0 is not listed \(at least 24\.8, that of 2\.3\.0\)/,
			),
		};
		const { inputs, refused } = await engine.preview({ version: "3.0.0", ...beyond });
		expect(refused).toEqual([]);
		expect(inputs.caveats).toMatchObject({ "2.3.0 -> 3.0.0": lines });
		const single = await made({ ...beyond, replicas: 1 });
		expect((await single.preview({ version: "3.0.0", ...beyond, replicas: 1 })).inputs.caveats).not.toMatchObject({
			"2.3.0 -> 3.0.0": { engine: expect.anything() },
		});
	});
});
