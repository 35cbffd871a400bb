import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ControlError, PlatformError } from "../../../src/control/errors";
import { localPlatform } from "../../../src/platforms/local";
import { socketPath } from "../../../src/platforms/local/home";
import { Load } from "./load";
import { freePort, LocalPlace, owner, until, versions } from "./place";

let place: LocalPlace;
let stranger: Server | undefined;
beforeEach(async () => {
	place = await LocalPlace.open();
});
afterEach(async () => {
	stranger?.close();
	stranger?.closeAllConnections();
	stranger = undefined;
	await place?.close();
});

const caught = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error as Error);
const occupy = (port: number | undefined) =>
	new Promise<void>((resolve) => {
		stranger = createServer().listen(port, "127.0.0.1", resolve);
	});

describe("a created cluster", () => {
	it("serves at its endpoint, with each replica at the version asked for", async () => {
		const cluster = await place.started({ version: versions.v1, replicas: 2 });
		expect(cluster.replicas).toEqual(
			["db-0-0", "db-0-1"].map((name, ordinal) => ({
				name,
				shard: 0,
				ordinal,
				version: versions.v1,
				openedBy: versions.v1,
				serving: true,
				readOnly: false,
				caughtUp: true,
			})),
		);
		expect(await place.sql("SELECT version()")).toBe(versions.v1);
		expect(localPlatform.endpoint("db", place.settings)).toBe(place.url);
	});

	it("passes no secret of its maker's environment on to the processes that stay", async () => {
		process.env.A_SECRET_OF_THE_MAKER = "hunter2";
		try {
			await place.started({ replicas: 1 });
		} finally {
			delete process.env.A_SECRET_OF_THE_MAKER;
		}
		const processes = Object.values(place.processes());
		expect(processes).toHaveLength(2);
		for (const { pid } of processes) expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toContain("hunter2");
	});

	it("is of one shard, and is not made again in another size", async () => {
		const create = (wanted: { shards?: number; replicas?: number }) =>
			caught(place.under((claim, control) => control.create(claim, place.spec(wanted))));
		expect((await create({ shards: 2 }))?.message).toContain("shards");
		await place.started({ replicas: 1 });
		expect((await create({ replicas: 2 }))?.message).toContain("replicas");
		const configured = await caught(
			place.under((claim, control) => control.configure(claim, place.spec({ shards: 2, replicas: 1 }))),
		);
		expect(configured).toBeInstanceOf(ControlError);
	});

	it("is refused where another cluster or other things are", async () => {
		await place.started({ replicas: 1 });
		const other = place.control();
		const namesake = new (other.constructor as typeof import("../../../src/platforms/local/control").LocalControl)(
			"other",
			place.settings,
		);
		expect((await caught(namesake.observe()))?.message).toContain("holds the cluster db");
	});

	it("is refused at a version without an engine, before anything starts", async () => {
		const spec = { ...place.spec(), version: "26.9.9.9" as typeof versions.v1 };
		const error = await caught(place.under((claim, control) => control.create(claim, spec)));
		expect(error).toBeInstanceOf(ControlError);
		expect(error?.message).toContain("local.engines");
		expect(place.processes()).toEqual({});
		expect(await place.control().observe()).toBeUndefined();
	});

	it("works in a folder whose path is too long for sockets", async () => {
		const long = join(place.home, "x".repeat(120));
		const deep = await LocalPlace.open({ directory: long });
		try {
			await deep.started({ replicas: 1 });
			expect(await deep.sql("SELECT 1")).toBe("1");
			const sockets = dirname(socketPath(long, "router") ?? "");
			expect(statSync(sockets).mode & 0o777).toBe(0o700);
			await deep.under((claim, control) => control.stop(claim));
			await deep.until("Stopped");
			expect(existsSync(sockets)).toBe(false);
		} finally {
			await deep.close();
		}
	});

	it("keeps its data when it is destroyed, and finds them when it is made again", async () => {
		await place.started({ version: versions.v2 });
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		await place.sql("INSERT INTO t VALUES (1), (2)");
		await place.under((claim, control) => control.destroy(claim, { data: false }));
		expect(place.processes()).toEqual({});
		const stolen = { ...place.spec({ version: versions.v2 }), owner: "another/stack/db" };
		const error = await caught(place.under((claim, control) => control.create(claim, stolen)));
		expect(error?.message).toContain(`${place.home} holds the data of a cluster db: ${owner} destroyed`);
		const wayOut = "Set adopt: true to use the data";
		expect(error?.message).toContain(wayOut);
		const [obstacle] = await localPlatform.obstacles(stolen);
		expect(obstacle).toMatchObject({ property: "local.directory", reason: expect.stringContaining(wayOut) });
		// The way out that it names, with what a preview says of it.
		const adopting = { ...stolen, adopt: true };
		expect(await localPlatform.obstacles(adopting)).toEqual([]);
		expect(await localPlatform.takeover?.(adopting)).toEqual({
			data: expect.stringContaining(`the data in this folder is used: ${owner} destroyed its cluster`),
		});
		await place.under((claim, control) => control.create(claim, adopting));
		await place.until("Started");
		expect((await place.control().record())?.owner).toBe("another/stack/db");
		expect(await place.sql("SELECT count() FROM t")).toBe("2");
		await place.under((claim, control) => control.destroy(claim, { data: false }));
		// As the same owner without.
		await place.under((claim, control) => control.create(claim, stolen));
		await place.until("Started");
		expect(await place.sql("SELECT count() FROM t")).toBe("2");
	});

	it("leaves what is not its own when it is destroyed with its data", async () => {
		await place.started({ replicas: 1 });
		writeFileSync(join(place.home, "notes.txt"), "mine");
		await place.under((claim, control) => control.destroy(claim, { data: true }));
		expect(readdirSync(place.home)).toEqual(["notes.txt"]);
	});

	it("is gone with its folder when it is destroyed with its data", async () => {
		await place.started({ replicas: 1 });
		await place.under((claim, control) => control.destroy(claim, { data: true }));
		expect(existsSync(place.home)).toBe(false);
	});
});

describe("a cluster of another size", () => {
	it("has all rows on the replica that joins, and takes writes without the one that left", async () => {
		await place.started({ replicas: 1 });
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		await place.sql("INSERT INTO t VALUES (1), (2)");
		const load = new Load(place, "t", 1, "reads");
		const grow = () =>
			place.under(async (claim, control) => {
				const spec = place.spec({ replicas: 2 });
				await control.configure(claim, spec);
				await until("it joined", 60, async () => (await control.join(claim)).length === 0 || undefined);
				await place.until("Started");
			});
		await grow();
		await place.sql("INSERT INTO t VALUES (3)");
		for (const replica of ["0-0", "0-1"]) expect(await place.ask(replica, "SELECT sum(id) FROM t")).toBe("6");
		await place.under(async (claim, control) => {
			await expect(control.leave(claim, "db-0-0")).rejects.toThrow("only the replica with the highest ordinal");
			await control.drain(claim, "db-0-1");
			await control.leave(claim, "db-0-1");
		});
		expect(existsSync(join(place.home, "0-1"))).toBe(false);
		await place.sql("INSERT INTO t VALUES (4)");
		// What an earlier one of the same number held is nothing to it.
		mkdirSync(join(place.home, "0-1/data"), { recursive: true });
		writeFileSync(join(place.home, "0-1/data/numbers"), "99 99 done".padEnd(47).concat("\n"));
		await grow();
		expect(await place.ask("0-1", "SELECT sum(id) FROM t")).toBe("10");
		await load.stop();
		expect(load.selects.failed).toEqual([]);
	});
});

describe("a folder that can't be a cluster's", () => {
	it.each([
		["holds other things", "c", "thesis.txt"],
		["is a file", "c/thesis.txt", "is not a folder"],
		["is below a file", "c/thesis.txt/clusters/db", "is not a folder"],
	])("is an obstacle before anything is made: it %s", async (_, directory, words) => {
		mkdirSync(place.home);
		writeFileSync(join(place.home, "thesis.txt"), "chapter one");
		const settings = { ...place.settings, directory: join(place.root, directory) };
		const [obstacle, ...more] = await localPlatform.obstacles({ ...place.spec(), settings });
		expect(obstacle).toMatchObject({ property: "local.directory", reason: expect.stringContaining(words) });
		expect(obstacle?.reason).toContain("Set local.directory to");
		expect(more).toEqual([]);
		expect(readdirSync(place.root, { recursive: true }).sort()).toEqual(["c", "c/thesis.txt"]);
	});
});

describe("a port in use", () => {
	it("is an obstacle, and an error that names the port and the way out", async () => {
		await occupy(place.settings.port);
		const obstacles = await localPlatform.obstacles(place.spec());
		expect(obstacles.map(({ property }) => property)).toEqual(["local.port"]);
		const error = await caught(place.under((claim, control) => control.create(claim, place.spec())));
		expect(error).toBeInstanceOf(PlatformError);
		for (const words of [String(place.settings.port), "local.port"]) expect(error?.message).toContain(words);
		expect(place.processes()).toEqual({});
	});

	it("found at a later start leaves the cluster as it was", async () => {
		await place.started({ replicas: 1 });
		await place.under((claim, control) => control.stop(claim));
		await place.until("Stopped");
		await occupy(place.settings.port);
		expect((await caught(place.under((claim, control) => control.start(claim))))?.message).toContain("local.port");
		expect((await place.control().observe())?.state).toBe("Stopped");
	});

	it("that was taken while the router was away is told of, and taken back when it is free", async () => {
		await place.started({ replicas: 1 });
		const before = place.processes().router;
		const taken = until("the port is taken", 10, async () => {
			place.kill("router");
			const server = createServer();
			const got = await new Promise<boolean>((resolve) => {
				server.once("error", () => resolve(false));
				server.listen(place.settings.port, "127.0.0.1", () => resolve(true));
			});
			if (!got) return undefined;
			stranger = server;
			return true;
		});
		await taken;
		await until("it is told of", 30, async () => {
			const cluster = await place.control().observe();
			const told = cluster?.replicas[0]?.trouble?.includes(String(place.settings.port));
			return (told && cluster?.state === "Degraded") || undefined;
		});
		stranger?.close();
		await place.until("Started");
		expect(place.processes().router?.pid).not.toBe(before?.pid);
	});

	it("can be left for another one without a restart of the replicas", async () => {
		await place.started({ replicas: 1 });
		const before = place.replicaProcess("0-0");
		const port = await freePort();
		const settings = { ...place.settings, port };
		await place.under((claim) =>
			place.control({ port }).configure(claim, { ...place.spec({ replicas: 1 }), settings }),
		);
		await until(
			"the new port answers",
			20,
			async () => (await caught(fetch(`http://127.0.0.1:${port}/ping`))) === undefined || undefined,
		);
		expect(await caught(fetch(`${place.url}/ping`))).toBeInstanceOf(Error);
		expect(place.replicaProcess("0-0")).toEqual(before);
	});
});

describe("an idle cluster", () => {
	it("is suspended for lack of use, is not woken by looking, and is woken by a request that waits for it", async () => {
		await place.started();
		await place.sql("CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id");
		const settings = { ...place.settings, idleAfterSeconds: 1 };
		await place.under((claim, control) => control.configure(claim, { ...place.spec(), settings }));
		const idle = await place.until("Idle");
		expect(Object.keys(place.processes())).toEqual(["router"]);
		expect(idle.replicas.map(({ version, openedBy, trouble }) => [version, openedBy, trouble])).toEqual([
			[versions.v1, versions.v1, undefined],
			[versions.v1, versions.v1, undefined],
		]);
		for (let look = 0; look < 3; look++) await place.control().look("db-0-0");
		expect((await place.control().observe())?.state).toBe("Idle");
		await place.sql("INSERT INTO t VALUES (1)");
		expect(await place.sql("SELECT count() FROM t")).toBe("1");
		await place.until("Idle");
		expect(await place.sql("SELECT count() FROM t")).toBe("1");
	});

	it("is not suspended while somebody changes it", async () => {
		const settings = { ...place.settings, idleAfterSeconds: 1 };
		const control = place.control();
		const claim = await control.claim("a test", 600);
		await control.create(claim, { ...place.spec({ replicas: 1 }), settings });
		await place.until("Started");
		// As who creates does once the cluster serves: until then its mark says that it is being changed.
		await control.finish(claim);
		const since = performance.now();
		await until("three seconds have passed", 10, async () => performance.now() - since > 3000 || undefined);
		expect((await control.observe())?.state).toBe("Started");
		await control.release(claim);
		await place.until("Idle");
	});
});

describe("what an earlier life left behind", () => {
	it("does no harm: locks of dead processes and a stale socket", async () => {
		await place.started({ replicas: 1 });
		for (const which of ["router", "0-0"]) place.kill(which);
		await place.until("Stopped");
		symlinkSync("999999:1-00000000:abcdef", join(place.home, "cluster.lock"));
		await place.under((claim, control) => control.start(claim));
		await place.until("Started");
	});

	it("is no claim: the claim of a killed process holds nobody up", async () => {
		await place.store.change(
			() => ({
				format: 1,
				fence: 5,
				claim: {
					holder: "the dead",
					fence: 5,
					expires: "2999-01-01T00:00:00.000Z",
					process: { pid: 999_999, started: "1-x" },
				},
			}),
			"make",
		);
		const claim = await place.control().claim("the living", 600);
		expect(claim.fence).toBeGreaterThan(5);
	});

	it("is no drain either: a replica comes back when whoever drained it died", async () => {
		await place.started();
		const claim = await place.control().claim("soon dead", 600);
		await place.control().drain(claim, "db-0-0");
		expect((await place.control().look("db-0-0")).replica.serving).toBe(false);
		await place.store.change((record) =>
			record.claim === undefined
				? undefined
				: { ...record, claim: { ...record.claim, process: { pid: 999_999, started: "1-x" } } },
		);
		await place.until("Started");
	});
});
