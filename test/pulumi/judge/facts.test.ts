import { expect, test, vi } from "vitest";
import { type Engine, type Properties, running } from "../engine";
import { world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

/** How often a preview calls the port. */
async function calls(engine: Engine, args: Properties): Promise<number> {
	const before = world().calls;
	await engine.preview(args);
	return world().calls - before;
}

test("a preview without a change asks for the record alone", async () => {
	const engine = await running("1.8.0");
	expect(await calls(engine, { version: "1.8.0" })).toBe(1);
});

test("a preview of a change observes once, which brings the record, and asks each replica once what it holds", async () => {
	const engine = await running("1.8.0");
	expect(await calls(engine, { version: "1.9.0" })).toBe(1 + 2);
	// The platform is asked what settings and size come to.
	const all = { version: "1.9.0", replicas: 3, scripted: { memory: "4Gi" } };
	expect(await calls(engine, all)).toBe(1 + 2 + 1);
	expect(await calls(engine, { version: "1.8.0", desiredState: "Stopped" })).toBe(1);
});

test("what the record alone tells is looked at, too", async () => {
	const engine = await running("1.8.0");
	world().scale(3);
	// The record, the whole, two replicas, and what going back to the size comes to.
	expect(await calls(engine, { version: "1.8.0" })).toBe(1 + 1 + 2 + 1);
});

test("a new cluster is looked for by its record", async () => {
	const engine = await running("1.8.0");
	Object.assign(engine, { id: "", inputs: {}, outputs: {} });
	world().cluster = undefined;
	expect(await calls(engine, { version: "1.8.0" })).toBe(1);
});
