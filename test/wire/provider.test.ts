import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Face, Host, type Properties, Refused } from "./host";
import { engineFolder, Scratch } from "./scratch";

const machine = `${process.platform}-${process.arch}`;
const older = engineFolder(`engine-26.5-${machine}`);
const newer = engineFolder(`@chdb/lib-${machine}${process.platform === "linux" ? "-gnu" : ""}`);

let scratch: Scratch;
let __provider: string;

beforeAll(() => {
	scratch = new Scratch();
	__provider = scratch.run(`
		const { serializeFunction } = require("@pulumi/pulumi/runtime/closure/serializeClosure");
		const { shim } = require("./node_modules/pulumi-dbcluster/dist/pulumi/shim.js");
		((provider) => serializeFunction(() => provider, { allowSecrets: true }))(shim).then(({ text }) => process.stdout.write(text));`);
});
afterAll(() => scratch?.remove());
describe("the packed package", () => {
	test("gives a program its resource, and nothing of the provider's", () => {
		const loaded = `require("pulumi-dbcluster"); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
		const files: string[] = JSON.parse(scratch.run(loaded));
		expect(files.some((file) => file.endsWith(join("dist", "pulumi", "dbcluster.js")))).toBe(true);
		expect(
			files.filter((file) => /[/\\]zod[/\\]|platforms|provider\.js$/.test(file) && /dbcluster|zod/.test(file)),
		).toEqual([]);
	});

	test.each([
		["node10", "commonjs", "--ignoreDeprecations", "6.0"],
		["node16", "node16"],
		["bundler", "esnext"],
	])("has types for programs that resolve modules as %s does", (resolution, module, ...more) => {
		scratch.compile(
			`import { DbCluster } from "pulumi-dbcluster";
			import { KubernetesDbCluster } from "pulumi-dbcluster/kubernetes";
			import { DbCluster as Native } from "pulumi-dbcluster/native";
			export const { endpoint } = new DbCluster("a", { version: "1.8.0", local: {} });
			export const { url } = new KubernetesDbCluster("b", { version: "1.8.0" });
			export const { version } = new Native("a", { version: "1.8.0", local: {} });
			// @ts-expect-error: not because nothing is known of it
			new DbCluster("c", { version: 1.8, local: {} });`,
			["--moduleResolution", resolution, "--module", module, ...more],
		);
	});

	test("puts at most 2,048 bytes into state, as JSON writes them", () => {
		expect(Buffer.byteLength(JSON.stringify(__provider))).toBeLessThanOrEqual(2048);
	});
});

describe.each<Face>(["dynamic", "native"])("in its %s face", (face) => {
	let host: Host;
	beforeEach(() => {
		host = new Host(scratch.folder, face);
	});
	afterEach(() => host.stop());

	/** What only the dynamic face's constructor adds. */
	let kept: Properties;
	beforeAll(() => {
		kept = face === "dynamic" ? { __provider } : {};
	});
	const args = (more: Properties): Properties => ({
		...(face === "dynamic" && { ...kept, name: "analytics", owner: "shop/live/analytics", endpoint: "", caveats: {} }),
		...more,
	});

	describe("bad input", () => {
		test("names all problems at once, each on its property, and prints no stack", async () => {
			const { failures } = await host.check(
				{},
				args({ version: "1.8", replicas: 0, local: { port: 99_999 }, replica: 2 }),
			);
			expect(failures.map(({ property }) => property).sort()).toEqual(["", "replica", "replicas", "version"]);
			expect(failures).toContainEqual({ property: "", reason: expect.stringMatching(/^local\.port: /) });
			expect(host.lines).toEqual([]);
		});

		test("without a platform, and with a version that no engine has", async () => {
			const nowhere = await host.check({}, args({ version: "1.8.0" }));
			expect(nowhere.failures).toEqual([{ property: "", reason: expect.stringContaining("give local") }]);
			const directory = join(scratch.folder, "nothing");
			const engines = { "26.7.2.1": "/nowhere" };
			const { failures } = await host.check({}, args({ version: "1.8.0", local: { directory, engines } }));
			expect(failures).toEqual([
				{ property: "version", reason: expect.stringContaining("no engine of version 1.8.0") },
			]);
			expect(host.lines).toEqual([]);
		});

		test("diff answers whatever it is asked", async () => {
			expect(await host.diff("x", args({}), args({ version: 7 }))).toEqual({ changes: true, replaces: [] });
			expect(await host.diff("x", args({}), args({ caveats: { a: {} } }))).toEqual({ changes: false, replaces: [] });
		});
	});

	describe.skipIf(older === undefined || newer === undefined)(
		"on real engines (skipped where they are not installed)",
		() => {
			/** What Pulumi would keep. */
			let state: { id: string; inputs: Properties; outputs: Properties };
			let settings: Properties;
			let version: string;

			const asked = (more: Properties) => args({ local: settings, deletionPolicy: "Delete", ...more });
			const reasons = async (more: Properties) => {
				const { failures } = await host.check(state.inputs, asked(more));
				return failures.map(({ property, reason }) => `${property}: ${reason}`);
			};

			beforeAll(() => {
				// A preview refuses one that is not there.
				const broken = join(scratch.folder, "broken-engine");
				mkdirSync(broken, { recursive: true });
				writeFileSync(join(broken, "libchdb.so"), "no library\n");
				const engines = { "26.5.1.1": older, "26.7.2.1": newer, "26.7.9.9": broken };
				settings = { directory: join(scratch.folder, "cluster"), engines };
				state = { id: "", inputs: {}, outputs: {} };
				version = "26.5.1.1";
			});
			// Whatever a test left, also one that failed: by the cluster's own record.
			afterAll(async () => {
				const file = join(scratch.folder, "cluster", "cluster.json");
				const { generation } = (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).cluster) || {};
				if (generation === undefined) return;
				const last = new Host(scratch.folder, face);
				await last.delete("x", asked({ version, generation })).finally(() => last.stop());
			});

			test("create", async () => {
				const { inputs, failures } = await host.check({}, asked({ version }));
				expect(failures).toEqual([]);
				expect(inputs.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:2\d{4}$/);
				expect(inputs).not.toHaveProperty("caveats");
				const { id, outputs } = await host.create(inputs);
				state = { id, inputs, outputs };
				expect(outputs).toMatchObject({
					version,
					state: "Started",
					...kept,
					latestVersion: "26.7.9.9",
					updateAvailable: true,
				});
				const answer = await fetch(`${outputs.endpoint}/?query=SELECT%20version()`);
				expect(await answer.text()).toBe("26.5.1.1\n");
			});

			test("no change is no diff", async () => {
				const { inputs, failures } = await host.check(state.inputs, asked({ version }));
				expect(failures).toEqual([]);
				expect(await host.diff(state.id, state.outputs, inputs)).toEqual({ changes: false, replaces: [] });
			});

			test("refusals come back on the version", async () => {
				expect(await reasons({ version: "26.4.1.1" })).toEqual([
					expect.stringMatching(/^version: 26\.4\.1\.1 is older than 26\.5\.1\.1/),
				]);
				expect(host.lines).toEqual([]);
			});

			test("an engine that does not start stops the update; the other replica answers", async () => {
				const update = { rehearsal: { policy: "off" } };
				const { inputs, failures } = await host.check(state.inputs, asked({ version: "26.7.9.9", update }));
				expect(failures).toEqual([]);
				expect(inputs.caveats).toMatchObject({ "26.5.1.1 -> 26.7.9.9": { reads: "SELECT keeps working" } });
				const error = await host.update(state.id, state.outputs, inputs).catch((it: unknown) => it);
				if (!(error instanceof Refused)) throw error;
				expect(error.message).toMatch(
					/^update of 'analytics' to 26\.7\.9\.9 stopped at the first of 2 replicas\. .* Next: /,
				);
				expect(error.unfinished).toMatchObject({
					id: state.id,
					reasons: [error.message],
					outputs: { version: "26.5.1.1", ...kept, state: "Degraded" },
				});
				state.outputs = error.unfinished?.outputs ?? {};
				expect(await (await fetch(`${state.outputs.endpoint}/?query=SELECT%201`)).text()).toBe("1\n");
				expect(host.lines.join("\n")).not.toMatch(/\n\s+at /);
			});

			test("the next update goes on, to an engine that does, even when its CLI is killed", async () => {
				const { "26.7.9.9": _, ...engines } = settings.engines as Properties;
				settings = { ...settings, engines };
				version = "26.7.2.1";
				const { inputs, failures } = await host.check(state.inputs, asked({ version }));
				expect(failures).toEqual([]);
				// The CLI is killed meanwhile: the update goes on to its end, and then so does the host.
				await host.leaveAlone();
				await host.update(state.id, state.outputs, inputs).catch(() => {});
				await host.ended();

				host = new Host(scratch.folder, face);
				const outputs = await host.update(state.id, state.outputs, inputs);
				expect(host.lines).toEqual([]);
				state = { ...state, inputs, outputs };
				expect(outputs).toMatchObject({
					version,
					previousVersion: "26.5.1.1",
					state: "Started",
					updateAvailable: false,
				});
				expect(await (await fetch(`${outputs.endpoint}/?query=SELECT%20version()`)).text()).toBe("26.7.2.1\n");
			});

			test("read finds what is there", async () => {
				const read = await host.read(state.id, { ...state.outputs, version: "26.5.1.1", state: "Stopped" });
				expect(read).toMatchObject({
					id: state.id,
					inputs: { version, ...kept },
					outputs: { version, state: "Started" },
				});
			});

			test("delete of another generation does nothing; of this one it leaves nothing", async () => {
				await host.delete(state.id, { ...state.outputs, generation: "another" });
				expect((await host.read(state.id, state.outputs)).id).toBe(state.id);
				await host.delete(state.id, state.outputs);
				expect((await host.read(state.id, state.outputs)).id).toBe("");
				state.id = "";
			});
		},
	);
});
