import { afterEach, describe, expect, test, vi } from "vitest";
import { v } from "../../build";
import { type FakeRegistry, fakeRegistry } from "../../remote/fake-registry";
import { type Properties, running } from "../engine";
import { scripted } from "../scripted-platform";
import { forward, lines, versionsNow, world } from "../stage";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));

afterEach(() => void vi.useRealTimers());

/** From now on the registry is asked anew. */
const forgetting = () => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });

const asked = ({ server }: FakeRegistry) => server?.asked.length;

describe("two tags of one image", () => {
	/** 1.8.0 is another tag of 1.8.0.1. */
	async function tagged() {
		const registry = await fakeRegistry(["1.7.1", "1.8.0", "1.8.0.1"]);
		registry.digests["1.8.0"] = "1.8.0.1";
		world().engines.set(v("1.8.0.1"), { boots: 20 });
		return { registry, args: { versions: { registry: { image: registry.image } }, ...forward } as Properties };
	}

	test.each([
		["1.8.0.1", "1.8.0"],
		["1.8.0", "1.8.0.1"],
	])(
		"%s stays what it is when the program says %s, also after a refresh and once that tag moves",
		async (runs, other) => {
			const { registry, args } = await tagged();
			const engine = await running(runs, args);
			expect(engine.outputs).toMatchObject({ version: runs, latestVersion: runs, updateAvailable: false });
			const { refused, inputs } = await engine.preview({ version: other, ...args });
			expect(refused).toEqual([]);
			expect(inputs).toMatchObject({ version: runs, written: other });
			expect(inputs).not.toHaveProperty("caveats");
			await engine.up({ version: other, ...args });
			expect(versionsNow()).toEqual([runs, runs]);

			registry.digests["1.8.0"] = "moved";
			forgetting();
			const before = asked(registry);
			expect(await engine.preview({ version: other, ...args })).toMatchObject({ refused: [], changes: false });
			expect(asked(registry)).toBe(before);
			await engine.refresh();
			expect(await engine.preview({ version: other, ...args })).toMatchObject({ refused: [], changes: false });
		},
	);

	test("with the digest of that image are the version that runs, and with another digest are refused", async () => {
		const { args } = await tagged();
		const engine = await running("1.8.0.1", args);
		const version = `1.8.0@${scripted.digest}`;
		const { refused, inputs } = await engine.preview({ version, ...args });
		expect(refused).toEqual([]);
		expect(inputs).toMatchObject({ version: `1.8.0.1@${scripted.digest}`, written: "1.8.0" });
		await engine.up({ version, ...args });
		expect(versionsNow()).toEqual(["1.8.0.1", "1.8.0.1"]);
		expect(await engine.preview({ version, ...args })).toMatchObject({ refused: [], changes: false });
		const other = await engine.preview({ version: `1.8.0@sha256:${"2".repeat(64)}`, ...args });
		expect(other.refused).toEqual([`version: db:1.8.0.1 is ${scripted.digest}.`]);
	});

	test("are no update for latest", async () => {
		const { args } = await tagged();
		const engine = await running("1.8.0", args);
		expect(await engine.preview({ version: "latest", ...args })).toMatchObject({ refused: [], changes: false });
		await engine.up({ version: "1.8.0", ...args, update: {} });
		expect(await engine.preview({ version: "1.8.0", ...args, update: {} })).toMatchObject({ changes: false });
	});

	test.each(["1.8.0.1", "latest"])(
		"are two where the shorter moved since the cluster got its image: %s is an update",
		async (version) => {
			const { args } = await tagged();
			const engine = await running("1.8.0", args);
			scripted.runs = `sha256:${"2".repeat(64)}`;
			expect(await engine.preview({ version, ...args })).toMatchObject({
				refused: [],
				changes: true,
				inputs: { version: "1.8.0.1", caveats: { "1.8.0 -> 1.8.0.1": {} } },
			});
		},
	);

	test("that were both built again since are no way back: the shorter is the version that runs", async () => {
		const { args } = await tagged();
		const engine = await running("1.8.0.1", args);
		scripted.runs = `sha256:${"2".repeat(64)}`;
		const { refused, inputs } = await engine.preview({ version: "1.8.0", ...args });
		expect(refused).toEqual([]);
		expect(inputs).toMatchObject({ version: "1.8.0.1", written: "1.8.0" });
	});

	test("are two once they differ: the older is refused, the newer an update", async () => {
		const { registry, args } = await tagged();
		registry.digests["1.8.0"] = "another";
		const engine = await running("1.8.0", args);
		expect(engine.outputs).toMatchObject({ latestVersion: "1.8.0.1", updateAvailable: true });
		await engine.up({ version: "1.8.0.1", ...args });
		expect(versionsNow()).toEqual(["1.8.0.1", "1.8.0.1"]);
		expect((await engine.preview({ version: "1.8.0", ...args })).refused).toEqual([
			expect.stringMatching(/^version: 1\.8\.0 is older than 1\.8\.0\.1/),
		]);
	});
});

describe("newer versions under another spelling of the tag", () => {
	const told = expect.stringMatching(
		/^a: newer versions exist\. The registry has version tags of another form, such as 1\.9\.0-debian-12-r2\. To use them, set image to .*\/db:\{version\}-debian-12-r\*\.$/,
	);
	const versionsWith = async () => {
		const registry = await fakeRegistry(["1.7.1", "1.8.0", "1.9.0-debian-12-r1", "1.9.0-debian-12-r2"]);
		return { versions: { registry: { image: registry.image } } };
	};

	test("are named by a create, a refresh, a preview of latest and of an update, and the refusal", async () => {
		const args = await versionsWith();
		const engine = await running("1.7.1", args);
		expect(engine.outputs).toMatchObject({ latestVersion: "1.8.0", updateAvailable: true });
		expect(lines).toContainEqual(told);
		for (const look of [
			() => engine.refresh(),
			() => engine.preview({ version: "1.8.0", ...args }),
			() => engine.up({ version: "latest", ...args }),
			() => engine.preview({ version: "latest", ...args }),
		]) {
			lines.length = 0;
			await look();
			expect(lines).toContainEqual(told);
		}
		lines.length = 0;
		await engine.preview({ version: "1.8.0", ...args });
		expect(lines).toEqual([]);
		expect((await engine.preview({ version: "1.9.0", ...args })).refused).toEqual([
			expect.stringMatching(
				/^version: 1\.9\.0 is not a known version\..* 1\.9\.0-debian-12-r2\. To use them, set image to /,
			),
		]);
	});

	test("are versions once image spells them", async () => {
		const { versions } = await versionsWith();
		const registry = { image: `${versions.registry.image}:{version}-debian-12-r*` };
		const engine = await running("latest", { versions: { registry } });
		expect(engine.outputs).toMatchObject({ version: "1.9.0", latestVersion: "1.9.0", updateAvailable: false });
		expect(lines).not.toContainEqual(told);
	});
});
