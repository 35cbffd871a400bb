import { expect, test, vi } from "vitest";
import { running } from "../engine";
import { lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const caveatsOf = ({ inputs }: { readonly inputs: Record<string, unknown> }) =>
	Object.values(inputs.caveats as Record<string, Record<string, string>>)[0];

test("an update that holds says so in preview, stops with the figures, and resumes without the hold", async () => {
	const engine = await running();
	// The provider goes by the real clock, and the scripted one hardly moves.
	world().queries.perSecond = 1e6;
	world().engines.set("1.9.0", { boots: 20, fails: { code: 241, share: 0.25 } });
	const held = { version: "1.9.0", update: { hold: { seconds: 1 } } };
	expect(caveatsOf(await engine.preview(held))).toMatchObject({
		hold: "1 s after the first replica; the update stops there if more of its queries fail than on the others",
	});
	lines.length = 0;
	await expect(engine.up(held)).rejects.toThrow(
		/ to 1\.9\.0 stopped after the first replica\. \d+ of \d+ queries \(25 %\) failed on a-0-1 with code 241 \(ERROR_241\), and 0 of \d+ queries \(0 %\) on a-0-0: update\.hold\.errors allows 1 % more\./,
	);
	expect(versionsNow()).toEqual(["1.7.1", "1.9.0"]);
	expect(lines).toContain(
		"a: holding for 1 s before the next replica: comparing the failed queries of a-0-1 with those of a-0-0",
	);
	expect(caveatsOf(await engine.preview(held))).toHaveProperty("hold");

	const resumed = { version: "1.9.0", update: {} };
	expect(caveatsOf(await engine.preview(resumed))).not.toHaveProperty("hold");
	await engine.up(resumed);
	expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
});

test("a cluster of one replica and an update of nothing hold nothing", async () => {
	const engine = await running("1.8.0", { replicas: 1 });
	const held = { replicas: 1, update: { hold: { seconds: 3600 } } };
	expect(caveatsOf(await engine.preview({ ...held, version: "1.9.0" }))).not.toHaveProperty("hold");
	await engine.up({ ...held, version: "1.9.0" });
	expect((await engine.preview({ ...held, version: "1.9.0" })).inputs).not.toHaveProperty("caveats");
});
