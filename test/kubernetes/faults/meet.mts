import { PlatformError } from "../../../src/control/errors.ts";
import { retry } from "../../../src/control/retry.ts";
import { Space, versions } from "../harness.ts";
import { KeeperProxy } from "../keeper-proxy.ts";
import { type Load, startLoad } from "../load.ts";
import { makeRows } from "../tables.ts";
import { acts, type Stage } from "./acts.mts";
import { ApiProxy } from "./api-proxy.mts";
import { type Cell, faultOf, type Lane, type Outcome } from "./cells.mts";
import { type Updates, updatesBy } from "./updates.mts";
import { SmallVolume } from "./volume.mts";

/** What was seen of a cell. */
export interface Met extends Cell {
	readonly outcome: Outcome;
	/** Runs of Pulumi, the one that met the fault among them. */
	readonly runs: number;
	readonly selects: number;
	readonly failedSelects: readonly string[];
	readonly failedInserts: number;
	/** Rows that the server acknowledged. */
	readonly rows: number;
	/** Acknowledged rows that a replica does not have in the end. */
	readonly lost: number;
	/** From the fault to the end of the run after which the cluster was whole. */
	readonly seconds: number;
	/** What the run said that met the fault, if it did not go through. */
	readonly said?: string;
}

const replicas = ["db-0-0", "db-0-1"];
const order = [versions.v2, versions.v3, versions.v4];
const mostRuns = 4;

/** Takes one cluster, under load all the time, through the cells of a lane. */
export async function meet(lane: Lane, restart: Stage["restart"], met: (it: Met) => void): Promise<void> {
	const [{ fault }] = lane;
	const space = await Space.open();
	const kubeconfig = String(space.given().kubeconfig);
	const ends: (() => Promise<unknown>)[] = [() => space.close()];
	try {
		const proxy = await ApiProxy.open(kubeconfig);
		ends.unshift(() => proxy.close());
		const keeper = fault === "Keeper away" ? new KeeperProxy(space) : undefined;
		await keeper?.open();
		const volume = fault === "volume full" ? await SmallVolume.open(space) : undefined;
		if (volume !== undefined) ends.push(() => volume.close());
		const given = { kubeconfig: proxy.through(kubeconfig), ...(keeper && { keeper: [keeper.address] }) };
		const updates = await updatesBy(faultOf(lane[0]).by, space, given);
		ends.unshift(() => updates.close());
		await whole(updates, versions.v1);
		await makeRows(space, replicas);
		await space.reachable("db");
		const load = startLoad({ endpoint: await space.endpoint("db"), table: "rows", loops: 1, pause: 100 });
		ends.unshift(() => load.stop());
		const stage = { proxy, keeper, volume, restart, signal: (signal: NodeJS.Signals) => updates.signal(signal) };
		for (const [index, cell] of lane.entries()) {
			met(await meetOne({ cell, space, stage, updates, load, version: String(order[index]) }));
		}
	} finally {
		// Each of them, whatever becomes of the others.
		for (const end of ends) await end().catch(console.error);
	}
}

interface Meeting {
	readonly cell: Cell;
	readonly space: Space;
	readonly stage: Stage;
	readonly updates: Updates;
	readonly load: Load;
	readonly version: string;
}

async function meetOne({ cell, space, stage, updates, load, version }: Meeting): Promise<Met> {
	const { seen } = load;
	const before = {
		selects: seen.selects,
		failed: seen.failedSelects.length,
		inserts: seen.failedInserts.length,
		rows: seen.acknowledged.length,
	};
	let struck: number | undefined;
	let end: (() => Promise<void>) | undefined;
	const hit = async () => {
		struck = Date.now();
		end = await acts[cell.fault](stage);
	};
	stage.proxy.ambush({ step: cell.step, moment: cell.fault === "API busy" ? "asked" : "answered", hit });
	const { ok, output } = await updates.up(version);
	if (struck === undefined)
		throw new Error(`it never came to ${cell.step}, only to ${stage.proxy.seen.join(", ")}:\n${output}`);
	const { mark, openedBy = {} } = (await reached(() => space.control().record())) ?? {};
	const isTouched = mark !== undefined || Object.values(openedBy).some((opened) => String(opened) === version);
	await end?.();
	const outcome = ok ? "through" : isTouched ? "resumed" : "refused";
	const runs = ok ? 1 : 1 + (await whole(updates, version));
	const seconds = Math.round((Date.now() - struck) / 100) / 10;
	await isWhole(space, version);
	const lost = await lostRows(space, [...seen.acknowledged]);
	return {
		...cell,
		outcome,
		runs,
		selects: seen.selects - before.selects,
		failedSelects: seen.failedSelects.slice(before.failed),
		failedInserts: seen.failedInserts.length - before.inserts,
		rows: seen.acknowledged.length - before.rows,
		lost,
		seconds,
		...(!ok && { said: output }),
	};
}

/** Runs until one goes well; how many that took. */
async function whole(updates: Updates, version: string): Promise<number> {
	for (let runs = 1; ; runs++) {
		const { ok, output } = await updates.up(version);
		if (ok) return runs;
		if (runs === mostRuns) throw new Error(`${runs} runs did not make it whole:\n${output}`);
	}
}

/** The API server may be away for the sake of another cluster. */
const reached = <T,>(ask: () => Promise<T>): Promise<T> =>
	retry(ask, (error, tries) => (error instanceof PlatformError && tries < 60 ? 1000 : undefined));

async function isWhole(space: Space, version: string): Promise<void> {
	const cluster = await reached(() => space.control().observe());
	const astray = cluster?.replicas.filter((it) => !it.serving || String(it.version) !== version);
	if (cluster?.state === "Started" && cluster.mark === undefined && astray?.length === 0) return;
	throw new Error(`it is not whole: ${JSON.stringify(cluster, undefined, 2)}`);
}

/** They replicate: what is not there yet may come within a minute. */
async function lostRows(space: Space, acknowledged: readonly number[]): Promise<number> {
	const deadline = Date.now() + 60_000;
	for (;;) {
		const rowsOf = (pod: string) => reached(() => space.queryPod(pod, "SELECT n FROM rows"));
		const each = await Promise.all(replicas.map(rowsOf));
		const lacks = each.map((text) => {
			const held = new Set(text.split("\n").map(Number));
			return acknowledged.filter((n) => !held.has(n)).length;
		});
		const most = Math.max(...lacks);
		if (most === 0 || Date.now() > deadline) return most;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}
