import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { timelineFormat } from "../../../src/roll/timeline";
import { Engine, type Properties } from "../engine";
import { scripted } from "../scripted-platform";
import { lines } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const inputs = { name: "a", owner: "p/s/a", scripted: { folder: "here" }, update: { policy: "any" } };
let engine: Engine;
let folder: string;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "dbc-timelines-"));
	engine = new Engine();
	await engine.up({ ...inputs, version: "1.7.1" });
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

describe("the output lastUpdate", () => {
	test("is not there before the first update, and then tells how it went", async () => {
		expect(engine.outputs).not.toHaveProperty("lastUpdate");
		await engine.up({ ...inputs, version: "1.8.0" });
		expect(engine.outputs.lastUpdate).toMatchObject({
			from: "1.7.1",
			to: "1.8.0",
			outcome: "finished",
			replicas: [{ name: "a-0-1" }, { name: "a-0-0" }],
		});
	});

	test("stays when something else changes that rolls nothing", async () => {
		await engine.up({ ...inputs, version: "1.8.0" });
		const { lastUpdate } = engine.outputs;
		await engine.up({ ...inputs, version: "1.8.0", deletionPolicy: "Delete" });
		expect(engine.outputs.lastUpdate).toEqual(lastUpdate);
		expect(engine.outputs.deletionPolicy).toBe("Delete");
	});

	test("tells of an update that stopped, too, and then of the one that went on with it", async () => {
		scripted.world("a").engines.set("1.8.0", { fate: "exits", boots: 20 });
		const stopped = await engine.up({ ...inputs, version: "1.8.0" }).catch((error: unknown) => error);
		engine.outputs = (stopped as { properties: Properties }).properties;
		expect(engine.outputs.lastUpdate).toMatchObject({ outcome: "stopped", replicas: [{ name: "a-0-1" }] });
		scripted.world("a").engines.set("1.8.0", { boots: 20 });
		await engine.up({ ...inputs, version: "1.8.0" });
		expect(engine.outputs.lastUpdate).toMatchObject({ from: "1.7.1", to: "1.8.0", outcome: "finished" });
	});
});

describe("PULUMI_DBCLUSTER_TIMELINES", () => {
	test("names a folder, which is made, and gets a file for each roll", async () => {
		vi.stubEnv("PULUMI_DBCLUSTER_TIMELINES", join(folder, "new"));
		await engine.up({ ...inputs, version: "1.8.0" });
		const [file = "", ...others] = readdirSync(join(folder, "new"));
		expect(others).toEqual([]);
		expect(file).toMatch(/^a-\d{8}T\d{6}Z\.json$/);
		const timeline = timelineFormat.parse(JSON.parse(readFileSync(join(folder, "new", file), "utf8")));
		expect(timeline).toMatchObject({ cluster: "a", platform: "scripted", to: "1.8.0" });
	});

	test("that can't be written is said, and the update goes well", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "");
		vi.stubEnv("PULUMI_DBCLUSTER_TIMELINES", file);
		await engine.up({ ...inputs, version: "1.8.0" });
		expect(engine.outputs).toMatchObject({ version: "1.8.0", lastUpdate: { outcome: "finished" } });
		expect(lines.filter((line) => line.includes("could not be written"))).toHaveLength(1);
	});
});
