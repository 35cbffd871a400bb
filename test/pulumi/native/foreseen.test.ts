import { expect, test, vi } from "vitest";
import { foreseenCreate, foreseenUpdate } from "../../../src/pulumi/native/foreseen";
import { unknownValue } from "../../../src/pulumi/stored";
import { Engine, type Properties } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const { digest } = scripted;
const pick = ({ version, previousVersion }: Properties) => ({ version, previousVersion });

test("a preview shows the versions that the outputs have then, also where the program gives a digest", async () => {
	const engine = new Engine();
	for (const version of [`1.7.1@${digest}`, "1.8.0", `1.8.0@${digest}`, `1.9.0@${digest}`]) {
		// Something changes each time, so that Pulumi keeps new outputs.
		const args = {
			version,
			...forward,
			deletionPolicy: engine.outputs.deletionPolicy === "Delete" ? "Retain" : "Delete",
		};
		const { inputs } = await engine.preview(args);
		const foreseen = engine.id === "" ? foreseenCreate(inputs) : foreseenUpdate(engine.outputs, inputs);
		await engine.up(args);
		expect(pick(foreseen)).toEqual(pick(engine.outputs));
	}
	expect(pick(engine.outputs)).toEqual({ version: "1.9.0", previousVersion: "1.8.0" });
	expect(foreseenUpdate(engine.outputs, { version: unknownValue })).toMatchObject({
		version: unknownValue,
		previousVersion: unknownValue,
	});
});

test("a version that latest will mean only then is not known", async () => {
	const args = { version: "latest", versions: unknownValue };
	const first = await new Engine().preview(args);
	expect([first.refused, foreseenCreate(first.inputs).version]).toEqual([[], unknownValue]);
	const engine = new Engine();
	await engine.up({ version: "1.8.0", ...forward });
	const { inputs } = await engine.preview(args);
	expect(pick(foreseenUpdate(engine.outputs, inputs))).toEqual({
		version: unknownValue,
		previousVersion: unknownValue,
	});
});

test("also after a creation that stopped, whose outputs have no digest either", async () => {
	const engine = new Engine();
	world().engines.set("1.8.0", { fate: "exits", boots: 20 });
	await engine.fails({ version: `1.8.0@${digest}`, ...forward });
	expect(engine.outputs.version).toBe("1.8.0");
	const { inputs } = await engine.preview({ version: "1.9.0" });
	const foreseen = foreseenUpdate(engine.outputs, inputs);
	await engine.up({ version: "1.9.0" });
	expect(pick(foreseen)).toEqual(pick(engine.outputs));
});
