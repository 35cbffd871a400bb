import { expect, test, vi } from "vitest";
import { call } from "../../../src/pulumi/host/call";
import type { Interruption } from "../../../src/roll/events";
import { running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, versionsNow } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

test("an update that is cancelled before it begins rehearses nothing, and the next one does", async () => {
	const engine = await running();
	const rehearse = vi.fn(async () => undefined);
	const { control } = scripted.platform;
	vi.spyOn(scripted.platform, "control").mockImplementation((...of) => Object.assign(control(...of), { rehearse }));
	const to = { version: "1.9.0", ...forward };
	const stop = AbortSignal.abort({ kind: "interrupted", by: "cancel" } satisfies Interruption);
	await call.run({ urn: "", stop }, () => expect(engine.up(to)).rejects.toThrow("This run was cancelled."));
	expect(rehearse).not.toHaveBeenCalled();
	expect(versionsNow()).toEqual(["1.7.1", "1.7.1"]);
	await engine.up(to);
	expect(rehearse).toHaveBeenCalledOnce();
	expect(versionsNow()).toEqual(["1.9.0", "1.9.0"]);
});
