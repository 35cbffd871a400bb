import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Claim } from "../../../../src/control/port";
import type { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import { aloneOrBack, rivals } from "../../../../src/platforms/kubernetes/ask/rivals";
import { mark, tables } from "../../../build";
import { answered, FakeApi, type Thing } from "../fake-api";
import { inventoryRows, made, recordOf, specOf, within } from "../made";

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
	beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "Date"] }));

	/** Writes our mark over the one that was there: after how many milliseconds it goes on or steps back, and from whom. */
	async function begun(ours = at("10:00"), found?: typeof ours) {
		await cluster.record.under(claim, (stored) => ({ ...stored, mark: ours }));
		const start = Date.now();
		const after = () => Date.now() - start;
		const done = aloneOrBack(cluster, claim, ours, found).then(
			() => ({ after: after() }),
			({ name, message }: Error) => ({ after: after(), from: /'([^']+)'/.exec(message)?.[1] ?? name }),
		);
		const ended = await within(60_000, done);
		return { ...ended, mark: (await cluster.record.read())?.mark?.since };
	}

	it("goes on where it is alone", async () => {
		hold("rows@/t", both);
		expect(await begun()).toEqual({ after: 0, mark: at("10:00").since });
	});

	it("steps back from one that comes first by name, and leaves no mark", async () => {
		other("a-other");
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		expect(await begun()).toEqual({ after: 0, from: "a-other" });
	});

	it("that resumes an interrupted one goes first if that one is older, and restores its mark if not", async () => {
		other("a-other", { mark: at("09:00") });
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		expect(await begun(at("10:00"), at("08:00"))).toEqual({ after: 0, mark: at("10:00").since });
		expect(await begun(at("10:00"), at("09:30"))).toEqual({ after: 0, from: "a-other", mark: at("09:30").since });
	});

	it("that finds its own mark, as written by a try before, has none to go back to", async () => {
		other("a-other", { mark: at("11:00") });
		hold("rows@/t", { "/t": { "a-other-0-0": undefined } });
		expect(await begun(at("10:00"), at("10:00"))).toEqual({ after: 0, from: "a-other" });
	});

	it("waits, first by name, for the other to step back", async () => {
		other("other");
		hold("rows@/t", both);
		setTimeout(() => other("other", { mark: undefined }), 5100);
		expect(await begun()).toEqual({ after: 5200, mark: at("10:00").since });
	});

	it("steps back if the other does not, after ten seconds", async () => {
		other("other");
		hold("rows@/t", both);
		expect(await begun()).toEqual({ after: 10_000, from: "other" });
	});

	it("waits for none if any other comes before it by name", async () => {
		other("other");
		other("a-other");
		hold("rows@/t", { "/t": { "other-0-0": undefined, "a-other-0-0": undefined } });
		expect(await begun()).toMatchObject({ after: 0, mark: undefined });
	});

	it("ends its wait if its claim is lost", async () => {
		other("other");
		hold("rows@/t", both);
		setTimeout(() => {
			const { data, ...record } = api.objects.get("configmaps/db-dbcluster");
			const { claim: _, ...stored } = JSON.parse(data.record);
			api.put("configmaps", { ...record, data: { record: JSON.stringify({ ...stored, fence: stored.fence + 1 }) } });
		}, 300);
		expect(await begun()).toMatchObject({ after: 400, from: "ClaimLost", mark: at("10:00").since });
	});
});
