import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { parse } from "../../../src/pulumi/args/parse";
import { platforms } from "../../../src/pulumi/args/platforms";

vi.mock("../../../src/pulumi/args/platforms", async () => {
	const { scripted } = await vi.importActual<typeof import("../scripted-platform")>("../scripted-platform");
	return { platforms: { scripted: scripted.platform } };
});

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const good = { version: "1.8.0", name: "analytics", owner: "p/s/analytics", scripted: {} };

test("fills the defaults in", () => {
	const parsed = parse({ ...good, __provider: "x", endpoint: "", caveats: {} });
	expect(parsed).toMatchObject({
		version: "1.8.0",
		unknown: [],
		place: { name: "analytics", id: "scripted:here/analytics", settings: { folder: "here" } },
		args: {
			shards: 1,
			replicas: 2,
			deletionPolicy: "Retain",
			adopt: false,
			update: { policy: "latest", judge: "live" },
		},
	});
});

test("holds after the first replica only where that is asked for", () => {
	const holdOf = (update: Record<string, unknown>) => {
		const parsed = parse({ ...good, update });
		return parsed.problems === undefined ? parsed.args.update.hold : parsed.problems;
	};
	expect(holdOf({})).toBeUndefined();
	expect(holdOf({ hold: { seconds: 600 } })).toEqual({ seconds: 600, errors: 0.01 });
	expect(holdOf({ hold: { seconds: 1, errors: 0 } })).toEqual({ seconds: 1, errors: 0 });
});

test("tells the platform the name of the cluster, where that is known", () => {
	const read = vi.spyOn(platforms.scripted as NonNullable<typeof platforms.scripted>, "read");
	parse(good);
	expect(read).toHaveBeenLastCalledWith({}, "analytics");
	parse({ ...good, name: unknown });
	expect(read).toHaveBeenLastCalledWith({}, undefined);
	read.mockRestore();
});

test("parts a version from the digest of its image", () => {
	const digest = `sha256:${"0a".repeat(32)}`;
	const pin = { version: "1.8.0", digest };
	expect(parse({ ...good, version: `1.8.0@${digest}` })).toMatchObject({ version: "1.8.0", place: { pin } });
});

const problemOf = (more: Record<string, unknown>) => {
	const { problems } = parse({ ...good, ...more });
	return problems?.map(({ property, reason }) => `${property}: ${reason}`);
};

test.each([
	[{ replicas: 0 }, "replicas: 0 is not a whole number from 1 to 64. Leave it out for 2."],
	[{ replicas: "2" }, 'replicas: "2" is not a whole number from 1 to 64. Leave it out for 2.'],
	[{ shards: 1.5 }, "shards: 1.5 is not a whole number from 1 to 256. Leave it out for 1."],
	[
		{ desiredState: "Idle" },
		'desiredState: "Idle" is not "Started" or "Stopped". Leave it out to leave the cluster as it is.',
	],
	[{ deletionPolicy: "delete" }, 'deletionPolicy: "delete" is not "Retain" or "Delete". Leave it out for "Retain".'],
	[{ adopt: "yes" }, 'adopt: "yes" is not true or false. Leave it out for false.'],
	[{ update: { policy: "newest" } }, 'update.policy: "newest" is not "latest" or "any". Leave it out for "latest".'],
	[{ update: { drainSecs: 5 } }, "update.drainSecs: there is no property update.drainSecs. Did you mean drainSeconds?"],
	[{ update: { hold: {} } }, "update.hold.seconds: it is missing: give a whole number of seconds from 1 to 86,400."],
	[{ update: { hold: { seconds: 0 } } }, "update.hold.seconds: 0 is not a whole number of seconds from 1 to 86,400."],
	[
		{ update: { hold: { seconds: 86_401 } } },
		"update.hold.seconds: 86401 is not a whole number of seconds from 1 to 86,400.",
	],
	[
		{ update: { hold: { seconds: 1.5 } } },
		"update.hold.seconds: 1.5 is not a whole number of seconds from 1 to 86,400.",
	],
	[
		{ update: { hold: { seconds: 60, errors: 1.1 } } },
		"update.hold.errors: 1.1 is not a number from 0 to 1. Leave it out for 0.01.",
	],
	[
		{ update: { hold: { seconds: 60, errors: "1 %" } } },
		'update.hold.errors: "1 %" is not a number from 0 to 1. Leave it out for 0.01.',
	],
	[{ update: { hold: 600 } }, "update.hold: 600 is not an object such as { seconds: 600 }."],
	[
		{ update: { hold: { second: 60, seconds: 60 } } },
		"update.hold.second: there is no property update.hold.second. Did you mean seconds?",
	],
	[{ replica: 2 }, "replica: there is no property replica. Did you mean replicas?"],
	[
		{ versions: { list: [] } },
		"versions.list: the list is empty: no version could be chosen. Name the versions that exist, or leave it out.",
	],
	[{ versions: { list: ["1.8.0"] } }, 'versions.list[0]: "1.8.0" is not an object such as { version: "1.8.0" }.'],
	[
		{ versions: { list: [{ version: "1.8.0" }, { version: "1.8" }] } },
		'versions.list[1].version: "1.8" is not a DB version: three or four numbers with dots between them, such as 1.8.0 or 0.9.2.0.',
	],
	[
		{ version: "1.8.0@sha256:12" },
		"version: what follows @ is not a digest: it must be sha256: and 64 hexadecimal digits, as the registry shows for the version's tag.",
	],
	[
		{ version: `latest@sha256:${"1".repeat(64)}` },
		"version: latest can't have a digest: a digest is one image, and latest changes. Give a version, such as 1.8.0@sha256:..., or leave the digest out.",
	],
	[
		{ versions: { list: [{ version: "1.8.0", blocked: "" }] } },
		'versions.list[0].blocked: "" is not a reason, such as "corrupts vector indexes". Write the reason as text, or true.',
	],
	[
		{ versions: { list: [{ version: "1.8.0", date: "1.9.2024" }] } },
		'versions.list[0].date: "1.9.2024" is not a day, such as "2024-08-20".',
	],
	[
		{ versions: { list: [{ version: "1.8.0", notes: "see the wiki" }] } },
		'versions.list[0].notes: "see the wiki" is not the address of a page, such as "https://example.com/releases/1.8.0".',
	],
	[
		{ versions: { list: [{ version: "1.8.0" }], url: "https://example.com/v.json" } },
		"versions: list and url are given, and versions come from one place. Keep one of them.",
	],
	[
		{ versions: { registry: { image: "acme/db:1.8.0" } } },
		'versions.registry.image: "acme/db:1.8.0" is not the name of an image. Write it without a tag or digest, such as "myscale/myscaledb", or with {version} in its tag, such as "myscale/myscaledb:{version}-ubi".',
	],
	[
		{ versions: { registry: { image: "acme/db:{version}*" } } },
		'versions.registry.image: "acme/db:{version}*" is not the name of an image. Write it without a tag or digest, such as "myscale/myscaledb", or with {version} in its tag, such as "myscale/myscaledb:{version}-ubi".',
	],
	[
		{ versions: { registry: { image: "acme/db", tags: "(" } } },
		'versions.registry.tags: "(" is not a regular expression, such as "^1\\\\.".',
	],
	[
		{ versions: { registry: {} } },
		'versions.registry.image: it is missing: give the name of an image. Write it without a tag or digest, such as "myscale/myscaledb", or with {version} in its tag, such as "myscale/myscaledb:{version}-ubi".',
	],
	[
		{ versions: { registry: { imge: "a", image: "a" } } },
		"versions.registry.imge: there is no property versions.registry.imge. Did you mean image?",
	],
	[
		{ versions: { url: "http://example.com/v.json?token=hunter2" } },
		': versions.url: "http://example.com/v.json" is not an address that can be used. Give an https address with no user and no password in it. Plain http is allowed for 127.0.0.1 only.',
	],
	[
		{ versions: { url: "https://ann:hunter2@example.com/v.json" } },
		': versions.url: "https://***@example.com/v.json" is not an address that can be used. Give an https address with no user and no password in it. Plain http is allowed for 127.0.0.1 only.',
	],
	[
		{ update: { window: { schedule: "0 2 * * 6", minutes: 0 } } },
		"update.window.minutes: 0 is not a whole number of minutes from 1 to 10,080.",
	],
	[
		{ update: { window: { schedule: "0 2 * * 6", minutes: 60, timeZone: "Mars" } } },
		'update.window.timeZone: "Mars" is not a time zone, such as "UTC" or "Europe/Berlin".',
	],
	[
		{ update: { window: { cron: "0 2 * * 6", schedule: "0 2 * * 6", minutes: 60 } } },
		"update.window.cron: there is no property update.window.cron. There are minutes, schedule, timeZone.",
	],
	[{ scripted: { folder: 7 } }, "scripted.folder: 7 is not a folder."],
	[{ scripted: { prot: 1 } }, "scripted.prot: there is no property scripted.prot. Did you mean port?"],
	[{ scripted: "here" }, 'scripted: "here" is not an object of settings. Write scripted: {} for the defaults.'],
	[{ scripted: undefined }, ": it must say where the cluster lives: give scripted, such as scripted: {}."],
	[
		{ name: "My_Cluster" },
		'name: "My_Cluster" is not a name for a cluster: up to 42 lower-case letters, digits and dashes, a letter first and no dash last. Set name to such a name; it may differ from the resource\'s name.',
	],
	[
		{ desiredState: "Stopped\n\u001b[31m" },
		'desiredState: "Stopped\\n\\u001b[31m" is not "Started" or "Stopped". Leave it out to leave the cluster as it is.',
	],
	[{ version: undefined }, "version: it is missing: give a DB version, such as 1.8.0, or latest."],
])("%j is refused with the value, the reason and the way out", (more, said) => {
	expect(problemOf(more)).toEqual([said]);
});

test.each(["", "2nd", "a_b", "a-", "a".repeat(43)])("the name '%s' is refused", (name) => {
	expect(problemOf({ name })).toEqual([expect.stringMatching(/^name: ".*" is not a name for a cluster: /)]);
});

test("names every problem at once, each on its property", () => {
	const { problems } = parse({
		version: "1.8",
		name: "analytics",
		owner: "o",
		replicas: -1,
		scripted: { folder: 7, prot: 1 },
		foo: 1,
	});
	const properties = problems?.map(({ property }) => property);
	expect(properties?.sort()).toEqual(["foo", "replicas", "scripted.folder", "scripted.prot", "version"]);
});

test("tells Pulumi no property whose value may be a secret, since Pulumi prints that", () => {
	const { problems } = parse({ ...good, password: "hunter2", accessToken: "t0k3n" });
	expect(problems?.map(({ property }) => property)).toEqual(["", ""]);
	expect(JSON.stringify(problems)).not.toMatch(/hunter2|t0k3n/);
});

test.each([
	["version", { version: unknown }],
	["replicas", { replicas: unknown }],
	["update.policy", { update: { policy: unknown } }],
	["update", { update: unknown }],
	["versions.list[1].version", { versions: { list: [{ version: "1.7.1" }, { version: unknown }] } }],
	["versions.list[0]", { versions: { list: [unknown] } }],
	["scripted", { scripted: unknown }],
	["scripted.folder", { scripted: { folder: unknown } }],
	["name", { name: unknown }],
])("what is not known yet is no problem: %s", (path, more) => {
	expect(parse({ ...good, ...more })).toMatchObject({ unknown: [path] });
	expect(parse({ ...good, ...more }).problems).toBeUndefined();
});

test("what is not known hides no problem of what is", () => {
	expect(problemOf({ version: unknown, replicas: 0, colour: "red" })).toHaveLength(2);
});

test("where a cluster lives is not known while a part of it is not", () => {
	expect(parse({ ...good, scripted: { folder: unknown } })).toMatchObject({ place: undefined });
	expect(parse({ ...good, name: unknown })).toMatchObject({ place: undefined });
	expect(parse({ ...good, version: unknown })).toMatchObject({ version: undefined, place: { name: "analytics" } });
});

test("a null is as good as left out", () => {
	expect(parse({ ...good, replicas: null, update: { policy: null } })).toMatchObject({ args: { replicas: 2 } });
});

test("never throws, whatever it is given", () => {
	const keys = fc.constantFrom(
		"version",
		"name",
		"owner",
		"scripted",
		"update",
		"versions",
		"replicas",
		"adopt",
		"other",
	);
	const value = fc.oneof(fc.constant(unknown), fc.jsonValue());
	fc.assert(
		fc.property(fc.dictionary(keys, value), (inputs) => {
			const parsed = parse(inputs as Record<string, unknown>);
			expect(parsed.problems === undefined || parsed.problems.length > 0).toBe(true);
		}),
	);
});
