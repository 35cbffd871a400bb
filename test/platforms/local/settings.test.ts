import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderOf, type LocalSettings, place, portOf, readSettings } from "../../../src/platforms/local/settings";

function settings(given: Record<string, unknown> = {}): LocalSettings {
	const read = readSettings(given);
	if ("problems" in read) throw new Error(JSON.stringify(read.problems));
	return read.settings;
}

function problems(given: Record<string, unknown>): { path: string; reason: string }[] {
	const read = readSettings(given);
	if ("settings" in read) throw new Error("accepted");
	return read.problems.map(({ path, reason }) => ({ path: path.join("."), reason }));
}

describe("settings", () => {
	it("may all be left out", () => {
		expect(settings()).toEqual({ idleAfterSeconds: 0 });
	});

	it("stay as they were written, with the home never spelt out", () => {
		const given = {
			directory: "~/clusters/a",
			port: 8123,
			idleAfterSeconds: 60,
			engines: { "26.7.2.1": "./engine" },
			addon: "~/x.node",
		};
		expect(settings(given)).toEqual(given);
		expect(place(settings(given))).toBe("~/clusters/a");
		expect(folderOf("a", settings(given))).toBe(join(homedir(), "clusters/a"));
	});

	it("place clusters in a folder of this user's own unless told otherwise", () => {
		expect(place(settings())).toBe("~/.pulumi-dbcluster");
		expect(folderOf("a", settings())).toBe(join(homedir(), ".pulumi-dbcluster/a"));
		expect(place(settings({ directory: "./data/" }))).toBe("./data");
		expect(folderOf("a", settings({ directory: "./data/" }))).toBe(join(process.cwd(), "data"));
	});

	it("give each place and name a port of its own that is always the same", () => {
		const ports = ["a", "b", "c", "d"].map((name) => portOf(name, settings()));
		expect(new Set(ports).size).toBe(4);
		for (const port of ports) expect(port >= 20_000 && port < 30_000).toBe(true);
		expect(portOf("a", settings())).toBe(ports[0]);
		expect(portOf("a", settings({ directory: "./data" }))).not.toBe(ports[0]);
		expect(portOf("a", settings({ port: 8123 }))).toBe(8123);
	});

	it("name an engine that is not there without complaint: its start fails and says why", () => {
		expect(settings({ engines: { "26.7.2.1": "/no/such/folder" } }).engines).toEqual({ "26.7.2.1": "/no/such/folder" });
	});

	it("have no text of which a message could not hold all", () => {
		const long = "x".repeat(4097);
		expect(problems({ directory: long, engines: { "26.7.2.1": long }, addon: long })).toEqual(
			["directory", "engines.26.7.2.1", "addon"].map((path) => ({
				path,
				reason: expect.stringMatching(/^it is longer than 4096 characters: .{20,}\.$/),
			})),
		);
		expect(settings({ addon: "x".repeat(4096) }).addon).toHaveLength(4096);
	});

	it("have no folder in whose path an engine's process would end", () => {
		expect(problems({ directory: "/data/\u6f22" })).toEqual([
			{
				path: "directory",
				reason:
					'"/data/\u6f22" contains "\u6f22", and the engine exits if the path of its data contains such a character. Name a folder whose whole path has no emoji, no letters of Asian scripts and no signs such as €.',
			},
		]);
		expect(settings({ directory: "/data/d\u00e9j\u00e0 vu" })).toMatchObject({ directory: "/data/d\u00e9j\u00e0 vu" });
	});

	it("have all their problems told at once, each on its property with what is accepted", () => {
		const found = problems({
			directory: "/etc/clusters",
			port: 99_999,
			idleAfterSeconds: -1,
			engines: { "26.7": "./engine", "26.7.2.1": 7 },
			addon: 4,
			prot: 8123,
		});
		expect(found.map(({ path }) => path).sort()).toEqual([
			"addon",
			"directory",
			"engines.26.7",
			"engines.26.7.2.1",
			"idleAfterSeconds",
			"port",
			"prot",
		]);
		expect(found.find(({ path }) => path === "port")?.reason).toBe(
			"99999 is not a port: give a whole number from 1,024 to 65,535, or leave it out for one derived from the name.",
		);
	});

	it.each([["/"], ["/etc"], ["/home"], ["/usr/local/data"], ["~"], [""], [7], [null]])(
		"refuse the folder %j",
		(directory) => {
			expect(problems({ directory }).map(({ path }) => path)).toContain("directory");
		},
	);

	it.each([[1023], [65_536], [8123.5], ["8123"], [Number.NaN], [null]])("refuse the port %j", (port) => {
		expect(problems({ port }).map(({ path }) => path)).toEqual(["port"]);
	});
});
