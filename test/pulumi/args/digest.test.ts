import { expect, test, vi } from "vitest";
import { Engine, running } from "../engine";
import { scripted } from "../scripted-platform";
import "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

const { digest } = scripted;
const other = `sha256:${"2".repeat(64)}`;

test("a version with its digest is rolled to, and stays as it was written", async () => {
	const engine = await running("1.8.0");
	const version = `1.9.0@${digest}`;
	expect(await engine.preview({ version })).toMatchObject({ refused: [], changes: true, inputs: { version } });
	await engine.up({ version });
	expect(engine.outputs).toMatchObject({ version: "1.9.0", state: "Started" });
	expect(await engine.preview({ version })).toMatchObject({ refused: [], changes: false });
	await engine.refresh();
	expect(await engine.preview({ version })).toMatchObject({ refused: [], changes: false });
	expect(await engine.preview({ version: "1.9.0" })).toMatchObject({ refused: [], changes: false });
});

test("a digest that the registry does not tell of the version is refused, with an update and without one", async () => {
	const engine = await running("1.8.0");
	const refused = (version: string) => [`version: db:${version} is ${digest}.`];
	expect(await engine.preview({ version: `1.9.0@${other}` })).toMatchObject({ refused: refused("1.9.0") });
	const forward = { update: { policy: "any" } };
	expect(await engine.preview({ version: `1.8.0@${other}`, ...forward })).toMatchObject({ refused: refused("1.8.0") });
	const added = await engine.preview({ version: `1.8.0@${digest}`, ...forward });
	expect(added.refused).toEqual([]);
	expect(added.inputs).not.toHaveProperty("caveats");
});

test("a downgrade is one with a digest, too", async () => {
	const engine = await running("1.9.0");
	const [refusal] = (await engine.preview({ version: `1.8.0@${digest}` })).refused;
	expect(refusal).toMatch(/^version: 1\.8\.0 is older than 1\.9\.0/);
});

test("is refused where versions are no images", async () => {
	const { engines, ...platform } = scripted.platform;
	Object.assign(scripted.platform, { engines: true });
	try {
		expect((await new Engine().preview({ version: `1.8.0@${digest}` })).refused).toEqual([
			"version: a digest names an image, and this platform has no images. Leave the digest out.",
		]);
	} finally {
		Object.assign(scripted.platform, { ...platform, engines });
	}
});
