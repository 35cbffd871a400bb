import { readFileSync } from "node:fs";
import { join } from "node:path";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EngineLog } from "./engine";
import { Host, type Properties, Refused } from "./host";
import { engineFolder, Scratch } from "./scratch";

// What the native face alone can do; what both do is in provider.test.ts.

const machine = `${process.platform}-${process.arch}`;
const older = engineFolder(`engine-26.5-${machine}`);
const newer = engineFolder(`@chdb/lib-${machine}${process.platform === "linux" ? "-gnu" : ""}`);
const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

let scratch: Scratch;
let engine: EngineLog;
let host: Host;

beforeAll(() => {
	scratch = new Scratch();
});
afterAll(() => scratch?.remove());
beforeEach(async () => {
	engine = new EngineLog();
	host = new Host(scratch.folder, "native", await engine.listen());
});
afterEach(async () => {
	await host.stop();
	engine.close();
});

test("says which version it is, and hands out its schema", async () => {
	const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
	expect(await host.pluginVersion()).toBe(version);
	expect(JSON.parse(await host.schema())).toMatchObject({ name: "dbcluster", version });
});

test("what differs is named by its path, and what is worked out from a secret is one", async () => {
	const local = { directory: join(scratch.folder, "none"), port: 8123, engines: { "26.7.2.1": "/nowhere" } };
	const { inputs } = await host.check({}, { version: "26.7.2.1", local: secret(local) });
	expect(inputs).toMatchObject({ local: secret(local), endpoint: secret("http://127.0.0.1:8123") });
	const olds = { version: "26.5.1.1", local, name: "analytics", owner: "shop/live/analytics" };
	const news = { ...olds, version: "26.7.2.1", local: { ...local, port: 8124 }, caveats: { a: { b: "c" } } };
	expect(await host.detail("x", { ...olds, __provider: "text" }, news, olds)).toEqual({
		version: "~",
		"local.port": "~",
		caveats: "+",
	});
});

test.each<[string, readonly string[]]>([
	["native", []],
	["component", ["@pulumi/kubernetes", "@pulumi/random"]],
])("the plugin of src/pulumi/%s ends by itself once whoever started it is gone", async (plugin, peers) => {
	for (const name of peers) scratch.link(name);
	const script = `
		const { spawn } = require("node:child_process");
		const main = require.resolve("pulumi-dbcluster/package.json").replace("package.json", "dist/pulumi/${plugin}/main.js");
		const child = spawn(process.execPath, [main, "127.0.0.1:1"], { stdio: ["ignore", "pipe", "ignore"], detached: true });
		child.stdout.once("data", () => { process.stdout.write(String(child.pid)); process.exit(); });`;
	const pid = Number(scratch.run(script));
	expect(pid).toBeGreaterThan(0);
	const runs = () => {
		try {
			return process.kill(pid, 0);
		} catch {
			return false;
		}
	};
	await expect.poll(runs, { timeout: 60_000 }).toBe(false);
});

describe.skipIf(older === undefined || newer === undefined)(
	"on real engines (skipped where they are not installed)",
	() => {
		const [from, to] = ["26.5.1.1", "26.7.2.1"];
		let settings: Properties;
		let state: { id: string; inputs: Properties; outputs: Properties };
		const asked = (more: Properties): Properties => ({ local: settings, deletionPolicy: "Delete", ...more });
		const version = async () => (await fetch(`${state.outputs.endpoint}/?query=SELECT%20version()`)).text();

		beforeAll(() => {
			settings = { directory: join(scratch.folder, "cluster"), engines: { [from]: older, [to]: newer } };
		});
		afterAll(async () => {
			const last = new Host(scratch.folder, "native");
			await last.delete(state.id, state.outputs).finally(() => last.stop());
		});

		test("a preview of create knows what is known, and makes nothing", async () => {
			const { inputs, failures } = await host.check({}, asked({ version: from }));
			expect(failures).toEqual([]);
			const { id, outputs } = await host.create(inputs, { preview: true });
			expect(id).toBe("");
			expect(outputs).toMatchObject({ version: from, endpoint: inputs.endpoint, state: unknown, generation: unknown });
			const made = await host.create(inputs);
			state = { id: made.id, inputs, outputs: made.outputs };
			expect(state.outputs).toMatchObject({ name: "analytics", owner: "shop/live/analytics", state: "Started" });
			expect(engine.lines.filter(({ isWarning }) => isWarning)).toEqual([]);
		});

		test("a preview of update warns of what it does, on the resource's own row; a check and an update do not", async () => {
			const { inputs } = await host.check(state.inputs, asked({ version: to }));
			expect(engine.lines).toEqual([]);
			const outputs = await host.update(state.id, state.outputs, inputs, { preview: true });
			expect(outputs).toMatchObject({ version: to, previousVersion: from, state: unknown, lastUpdate: unknown });
			const [line, ...more] = engine.lines;
			expect(more).toEqual([]);
			expect(line).toMatchObject({ isWarning: true, urn: expect.stringMatching(/::analytics$/) });
			expect(line?.text).toMatch(/^26\.5\.1\.1 -> 26\.7\.2\.1\n(.*\n)* {2}reads: SELECT keeps working\n/);
			expect(await version()).toBe(`${from}\n`);
		});

		test("caveats that are secret are not told", async () => {
			const { inputs } = await host.check(state.inputs, asked({ version: to, update: secret({ drainSeconds: 5 }) }));
			expect(inputs.caveats).toMatchObject({ [specialSigKey]: specialSecretSig });
			await host.update(state.id, state.outputs, inputs, { preview: true });
			expect(engine.lines).toEqual([]);
		});

		test("customTimeouts end an update after the replica under way; the cluster serves, and the next goes on", async () => {
			const { inputs } = await host.check(state.inputs, asked({ version: to }));
			const error = await host.update(state.id, state.outputs, inputs, { seconds: 0.001 }).catch((it: unknown) => it);
			if (!(error instanceof Refused)) throw error;
			expect(error.message).toContain("The timeout in customTimeouts");
			expect(error.unfinished).toMatchObject({ id: state.id, outputs: { state: "Started", deletionPolicy: "Delete" } });
			state.outputs = error.unfinished?.outputs ?? {};
		});

		test("Cancel ends an update after the replica under way, which then serves", async () => {
			const { inputs } = await host.check(state.inputs, asked({ version: to }));
			const updating = host.update(state.id, state.outputs, inputs).catch((it: unknown) => it);
			await engine.said("restarting analytics-0-1");
			await host.cancel();
			const error = await updating;
			if (!(error instanceof Refused)) throw new Error("it went on");
			expect(error.message).toMatch(
				/stopped with 1 of 2 replicas updated\. This run was cancelled\..* serves 26\.5\.1\.1/,
			);
			expect(error.message).toContain("Next: run pulumi up again: it resumes from here.");
			expect(error.unfinished?.reasons).toEqual([error.message]);
			expect(engine.lines.every(({ urn }) => urn.endsWith("::analytics"))).toBe(true);
			state.outputs = error.unfinished?.outputs ?? {};
			const { cluster } = JSON.parse(readFileSync(join(scratch.folder, "cluster/cluster.json"), "utf8"));
			expect(cluster.mark).toMatchObject({ from, to });
		});

		test("the next update does the rest", async () => {
			const { inputs, failures } = await host.check(state.inputs, asked({ version: to }));
			expect(failures).toEqual([]);
			expect(inputs.unfinished).toMatch(/^26\.5\.1\.1 -> 26\.7\.2\.1, since /);
			state = { ...state, inputs, outputs: await host.update(state.id, state.outputs, inputs) };
			expect(await version()).toBe(`${to}\n`);
		});

		test("no refusal shows a secret, and a preview warns of one that the id holds", async () => {
			const older = await host.check(state.inputs, asked({ version: secret(from) }));
			expect(older.failures).toMatchObject([
				{ property: "", reason: expect.stringMatching(/^version: \[secret\] is older/) },
			]);
			const place = "/etc/nobody-may-see-this";
			const { failures } = await host.check({}, { version: to, local: { directory: secret(place) } });
			expect(failures).toMatchObject([{ reason: expect.stringContaining("[secret] belongs to the system") }]);
			expect(JSON.stringify([older, failures])).not.toContain(place);

			const directory = join(scratch.folder, "nobody-may-see-this");
			const { inputs } = await host.check({}, { version: to, local: { ...settings, directory: secret(directory) } });
			await host.create(inputs, { preview: true });
			expect(engine.lines).toMatchObject([
				{
					isWarning: true,
					text: expect.stringMatching(/^local\.directory is a secret, but a part of the resource's id/),
				},
			]);
			expect(engine.lines[0]?.text).not.toContain("nobody-may-see-this");
		});

		test("what becomes secret without another change is an update, which marks it in the outputs, and no line shows it", async () => {
			const news = asked({ version: to, name: secret("analytics"), local: secret(settings) });
			const { inputs } = await host.check(state.inputs, news);
			const differs = await host.detail(state.id, state.outputs, inputs, state.inputs);
			expect(differs).toEqual({ name: "~", local: "~", endpoint: "~" });
			const outputs = await host.update(state.id, state.outputs, inputs);
			expect(outputs).toMatchObject({ local: secret(settings), endpoint: secret(state.outputs.endpoint) });
			expect((await host.diff(state.id, outputs, inputs)).changes).toBe(false);

			const smaller = await host.check(inputs, { ...news, replicas: 1 });
			state = { ...state, outputs: await host.update(state.id, outputs, smaller.inputs) };
			expect(engine.lines.map(({ text }) => text).join("\n")).toMatch(/draining \[secret\]-0-1/);
			for (const { text } of engine.lines) expect(text).not.toContain("analytics");
		});
	},
);
