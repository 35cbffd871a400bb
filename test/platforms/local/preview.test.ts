import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { check } from "../../../src/pulumi/judge/check";
import { engines, freePort, LocalPlace, owner, versions } from "./place";

// What a preview says of a local cluster: the real check, on a cluster that runs.

let place: LocalPlace;
let inputs: Record<string, unknown>;
let stranger: Server | undefined;
beforeAll(async () => {
	place = await LocalPlace.open();
	await place.started({ replicas: 1 });
	inputs = { name: "db", owner, version: versions.v1, replicas: 1, local: place.settings };
});
afterEach(() => {
	stranger?.close();
	stranger = undefined;
});
afterAll(() => place?.close());

const occupied = async () => {
	const port = await freePort();
	await new Promise<void>((resolve) => {
		stranger = createServer().listen(port, "127.0.0.1", resolve);
	});
	return port;
};
const at = (port: number) => ({ ...inputs, local: { ...place.settings, port } });
const answers = (port: number | undefined) =>
	fetch(`http://127.0.0.1:${port}/ping`).then(
		(answer) => answer.ok,
		() => false,
	);

it("refuses a port that another program uses, by its number and the way out", async () => {
	const port = await occupied();
	const { failures } = await check(inputs, at(port));
	expect(failures).toEqual([
		{
			property: "",
			reason: `local.port: port ${port} of 127.0.0.1 is used by another process. Set local.port to a free one, or end that process.`,
		},
	]);
	// Nor does an `up` that finds it taken.
	const { port: old } = place.settings;
	await expect(
		place.under((claim) =>
			place
				.control({ port })
				.configure(claim, { ...place.spec({ replicas: 1 }), settings: { ...place.settings, port } }),
		),
	).rejects.toThrow(`the endpoint of db can't be opened: port ${port} of 127.0.0.1`);
	expect(await answers(old)).toBe(true);
	expect(place.store.read()?.cluster?.port).toBe(old);
});

it("says that clients have to use another port, which is open once the change is done", async () => {
	const port = await freePort();
	const { failures, inputs: checked } = await check(inputs, at(port));
	expect(failures).toEqual([]);
	expect(checked.caveats).toEqual({
		[`settings at ${versions.v1}`]: {
			endpoint: `clients have to use http://127.0.0.1:${port} from then on; ${place.url} is closed`,
			order: "no replica restarts",
			reads: "SELECT keeps working",
			writes: "keep working",
		},
	});
	const { port: old } = place.settings;
	const settings = { ...place.settings, port };
	await place.under((claim) => place.control({ port }).configure(claim, { ...place.spec({ replicas: 1 }), settings }));
	expect(await answers(port)).toBe(true);
	expect(await answers(old)).toBe(false);
	await place.under((claim, control) => control.configure(claim, place.spec({ replicas: 1 })));
	expect(await answers(old)).toBe(true);
});

it("keeps the old port while the new one is another's, and says so", async () => {
	const port = await occupied();
	const { port: old } = place.settings;
	const to = (port: number | undefined) =>
		place.store.change((record) => record.cluster && { ...record, cluster: { ...record.cluster, port: port ?? 0 } });
	// Between the check and the change somebody took it.
	await to(port);
	const seen = await place.control().observe();
	expect(seen).toMatchObject({ state: "Degraded", replicas: [{ serving: false, cause: "port" }] });
	expect(await answers(old)).toBe(true);
	// Its own old port is no other's.
	expect((await check(at(port), inputs)).failures).toEqual([]);
	await to(old);
	await place.until("Started");
	expect(await answers(old)).toBe(true);
});

it("refuses a version whose engine is missing, and says what is missing", async () => {
	const later = { ...inputs, version: versions.v2 };
	const missing = (folder: string) => ({
		...later,
		local: { ...place.settings, engines: { [versions.v1]: engines[versions.v1], [versions.v2]: folder } },
	});
	const reason = async (news: Record<string, unknown>, olds: Record<string, unknown> = inputs) =>
		(await check(olds, news)).failures?.map(({ reason }) => reason).join("\n");
	expect(await reason(later)).toBe("");
	const nowhere = join(place.root, "nowhere");
	const words = "Install it there, or name another package or folder in local.engines.";
	expect(await reason(missing(nowhere))).toContain(
		`the engine of ${versions.v2} is missing: there is no folder ${nowhere}. ${words}`,
	);
	mkdirSync(nowhere);
	expect(await reason(missing(nowhere))).toContain(
		`the engine of ${versions.v2} is missing: the folder ${nowhere} has no libchdb.so. ${words}`,
	);
	// Also of a new cluster.
	const fresh = { ...missing(nowhere), name: "fresh" };
	const elsewhere = {
		...fresh,
		local: { ...fresh.local, directory: join(place.root, "fresh"), port: await freePort() },
	};
	expect(await reason(elsewhere, {})).toContain(`the engine of ${versions.v2} is missing`);
});

it("says that another resource's cluster becomes this one's", async () => {
	const imported = { ...inputs, owner: "project/stack/imported", adopt: true };
	const same = await check(imported, imported);
	const taken = {
		owner: `changes from ${owner} to project/stack/imported; remove the former resource from its state with pulumi state delete`,
	};
	expect(same.inputs.caveats).toEqual({ "taken over": taken });
	const changed = await check(imported, { ...imported, version: versions.v2 });
	expect(changed.inputs.caveats).toMatchObject({
		"taken over": taken,
		[`${versions.v1} -> ${versions.v2}`]: { reads: expect.any(String) },
	});
	// Of a renamed stack nothing has to be removed.
	const renamed = await check(inputs, { ...inputs, owner: "project/renamed/contract" });
	expect(renamed.inputs.caveats).toEqual({
		"taken over": { owner: `changes from ${owner} to project/renamed/contract` },
	});
	expect((await check(inputs, inputs)).inputs.caveats).toBeUndefined();
});

it("names what to install where there is no engine", () => {
	const program = mkdtempSync(join(tmpdir(), "dbcluster-bare-"));
	const root = join(__dirname, "../../..");
	try {
		// The package as it is installed, with everything beside it but an engine.
		const modules = join(program, "node_modules");
		mkdirSync(modules);
		for (const name of readdirSync(join(root, "node_modules")).filter((name) => !/chdb|^engine-/.test(name)))
			symlinkSync(join(root, "node_modules", name), join(modules, name));
		cpSync(join(root, "dist"), join(program, "dist"), { recursive: true });
		cpSync(join(root, "package.json"), join(program, "package.json"));
		const script = `require("./dist/pulumi/judge/check").check({}, JSON.parse(process.argv[1])).then(({ failures }) => console.log(JSON.stringify(failures)))`;
		const checked = (version: string) => {
			const news = { name: "db", owner, version, replicas: 1, local: { directory: join(program, "c") } };
			const output = execFileSync(process.execPath, ["-e", script, JSON.stringify(news)], { cwd: program });
			return JSON.parse(output.toString()) as { reason: string }[];
		};
		for (const version of ["latest", versions.v2]) {
			const [failure, ...more] = checked(version);
			expect(failure?.reason).toContain(
				"no ClickHouse engine is installed. Run npm install chdb in the program's folder",
			);
			expect(more).toEqual([]);
		}
		expect(existsSync(join(program, "c"))).toBe(false);
	} finally {
		rmSync(program, { recursive: true, force: true });
	}
});
