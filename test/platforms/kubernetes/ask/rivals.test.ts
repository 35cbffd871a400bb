import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Claim } from "../../../../src/control/port";
import type { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { aloneOrBack, rivals } from "../../../../src/platforms/kubernetes/ask/rivals";
import { mark, tables } from "../../../build";
import { answered, FakeApi, type Thing } from "../fake-api";
import { inventoryRows, made, recordOf, specOf } from "../made";

const update = mark("1.7.1", "1.8.0");
const at = (since: string) => ({ ...update, since: `2026-11-23T${since}:00Z` });

/** The copies in Keeper, by the path of their table: the names of replicas, with the host of each if it has one. */
type Keeper = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

let api: FakeApi;
let cluster: Cluster;
let claim: Claim;
let asked: string[];

beforeEach(async () => {
	api = new FakeApi("db");
	({ cluster, claim } = await made(api, specOf({ replicas: 2 })));
	asked = [];
});
afterEach(() => vi.useRealTimers());

/** Each of our servers holds the tables, as the replica of its pod's name. */
function hold(text: string, keeper: Keeper) {
	api.answer = (sql, pod) => {
		if (sql.includes("AS kind")) return answered(...inventoryRows(tables(text), pod));
		if (!sql.includes("system.zookeeper")) return answered();
		const nodes = [...sql.matchAll(/path = '([^']+)'/g)].flatMap(([, path = ""]) => {
			asked.push(path);
			const [table = "", replica] = path.split("/replicas");
			const copies = keeper[table] ?? {};
			if (replica === "") return Object.keys(copies).map((name) => ({ path, name, value: "" }));
			const host = copies[replica?.slice(1) ?? ""];
			return host === undefined ? [] : [{ path, name: "host", value: `host: ${host}\nport: 9000` }];
		});
		return answered(...nodes);
	};
}

/** Another cluster with one replica, whose update began. */
function other(name: string, stored: Thing = {}, sets: readonly string[] = [`${name}-0`]) {
	api.put("configmaps", recordOf(name, { mark: update, shards: 1, replicas: 1, ...stored }));
	for (const set of sets)
		api.put("statefulsets", {
			metadata: { name: set, labels: { "pulumi-dbcluster/cluster": name } },
			spec: { replicas: 1, template: { metadata: {}, spec: { containers: [] } } },
		});
}

const both: Keeper = { "/t": { "db-0-0": undefined, "db-0-1": undefined, "other-0-0": undefined } };

describe("a rival", () => {
	it("has copies under a path of ours, and an update that is not finished", async () => {
		other("other");
		hold("rows@/t", both);
		expect(await rivals(cluster)).toEqual([
			{ cluster: "other", mark: update, active: false, path: "/t", replica: "other-0-0" },
		]);
	});

	it("may have registered its pod's address under any name", async () => {
		other("other");
		hold("rows@/t", { "/t": { "db-0-0": undefined, first: "other-0-0.other-headless.db.svc" } });
		expect(await rivals(cluster)).toMatchObject([{ cluster: "other", replica: "first" }]);
	});

	it("may consist of existing StatefulSets, by their pods", async () => {
		other("other", { settings: { image: "a/b", existing: { statefulSets: ["chi"] } } }, ["chi"]);
		hold("rows@/t", { "/t": { "chi-0": undefined } });
		expect(await rivals(cluster)).toMatchObject([{ cluster: "other", replica: "chi-0" }]);
	});

	it("is active while somebody's claim on it lasts", async () => {
		hold("rows@/t", both);
		const until = (milliseconds: number) => ({
			claim: { holder: "h", fence: 1, expires: new Date(Date.now() + milliseconds).toISOString() },
		});
		other("other", until(60_000));
		expect(await rivals(cluster)).toMatchObject([{ active: true }]);
		other("other", until(-1));
		expect(await rivals(cluster)).toMatchObject([{ active: false }]);
	});

	it("is one among several, each once, and every path of ours is asked for once", async () => {
		for (const name of ["other", "third", "apart"]) other(name);
		hold("rows@/t more@/u", {
			...both,
			"/u": { "other-0-0": undefined, "third-0-0": undefined },
			"/v": { "apart-0-0": undefined },
		});
		expect((await rivals(cluster)).map((rival) => [rival.cluster, rival.path])).toEqual([
			["other", "/u"],
			["third", "/u"],
		]);
		expect(asked.filter((path) => path.endsWith("/replicas"))).toEqual(["/t/replicas", "/u/replicas"]);
	});

	it.each<[string, () => void]>([
		["finished its update", () => other("other", { mark: undefined })],
		["left only its record", () => other("other", {}, [])],
	])("is none that %s", async (_, there) => {
		there();
		hold("rows@/t", both);
		expect(await rivals(cluster)).toEqual([]);
		// Nobody is asked for that.
		expect(asked).toEqual([]);
	});

	it.each<[string, string, Keeper]>([
		["has no copy of ours", "rows@/t", { "/t": { "db-0-0": undefined, "stranger-0-0": "stranger-0-0.a" } }],
		["has copies of others", "rows@/t", { "/t": { "db-0-0": undefined }, "/u": { "other-0-0": undefined } }],
		["shares nothing, as nothing replicates", "rows=7", both],
	])("is none that %s", async (_, held, keeper) => {
		other("other");
		hold(held, keeper);
		expect(await rivals(cluster)).toEqual([]);
	});

	it("is never the cluster itself, nor one that none of our servers can tell of", async () => {
		await cluster.record.under(claim, (stored) => ({ ...stored, mark: update }));
		hold("rows@/t", both);
		expect(await rivals(cluster)).toEqual([]);
		other("other");
		const { answer } = api;
		api.answer = (sql, pod) => (sql.includes("AS kind") ? { status: 500, text: "Code: 1" } : answer(sql, pod));
		expect(await rivals(cluster)).toEqual([]);
	});
});

describe("an update that has just begun", () => {
	/** Our mark, as written, over the one that was there. */
	async function begun(ours = at("10:00"), found?: typeof ours) {
		await cluster.record.under(claim, (stored) => ({ ...stored, mark: ours }));
		return aloneOrBack(cluster, claim, ours, found);
	}
	const markNow = async () => (await cluster.record.read())?.mark;

	it("goes on where it is alone", async () => {
		hold("rows@/t", both);
		await begun();
		expect(await markNow()).toEqual(at("10:00"));
	});

	it("steps back from one that began, and leaves no mark", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
		// The first by name waits for the other, and this one does not.
		other("a-other");
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		const before = Date.now();
		await expect(begun()).rejects.toThrow("'a-other'");
		expect(Date.now()).toBe(before);
		expect(await markNow()).toBeUndefined();
	});

	it("that resumes an interrupted one goes first if that one is older, and restores its mark if not", async () => {
		other("a-other", { mark: at("09:00") });
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		await begun(at("10:00"), at("08:00"));
		expect(await markNow()).toEqual(at("10:00"));
		await expect(begun(at("10:00"), at("09:30"))).rejects.toThrow("'a-other'");
		expect(await markNow()).toEqual(at("09:30"));
	});

	it("that finds its own mark, as written by a try before, has none to go back to", async () => {
		other("a-other", { mark: at("11:00") });
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		await expect(begun(at("10:00"), at("10:00"))).rejects.toThrow("'a-other'");
		expect(await markNow()).toBeUndefined();
	});

	it("waits, first by name, for the other to step back", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
		other("other");
		hold("rows@/t", both);
		const done = begun();
		await vi.advanceTimersByTimeAsync(5000);
		other("other", { mark: undefined });
		await vi.advanceTimersByTimeAsync(200);
		await done;
		expect(await markNow()).toEqual(at("10:00"));
	});

	it("steps back if the other does not, after ten seconds, and if any other comes before it by name", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
		other("other");
		hold("rows@/t", { "/t": { "other-0-0": undefined, "a-other-0-0": undefined } });
		const start = Date.now();
		const failed = begun().catch((error: Error) => [error.message, Date.now() - start]);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(await failed).toEqual([expect.stringContaining("'other'"), 10_000]);
		expect(await markNow()).toBeUndefined();
		other("a-other");
		const again = begun().catch(() => Date.now());
		const then = Date.now();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(await again).toBe(then);
	});

	it("ends its wait if its claim is lost", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
		other("other");
		hold("rows@/t", both);
		const failed = begun().catch((error: Error) => error.name);
		await vi.advanceTimersByTimeAsync(300);
		await cluster.record.change((stored) => ({ ...stored, fence: stored.fence + 1, claim: undefined }));
		await vi.advanceTimersByTimeAsync(60_000);
		expect(await failed).toBe("ClaimLost");
	});
});
