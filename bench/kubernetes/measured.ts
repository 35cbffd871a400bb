import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { vi } from "vitest";
import type { EndpointSlice, Pod } from "../../src/platforms/kubernetes/api/types";
import { inEndpoints } from "../../src/platforms/kubernetes/ask/cluster";
import { Space } from "../../test/kubernetes/harness";
import { type Load, type Seen, startLoad } from "../../test/kubernetes/load";
import { plain } from "./plain";

const run = promisify(execFile);

export const patience = { timeout: 120_000, interval: 50 };

export async function inSpace<T>(work: (space: Space) => Promise<T>): Promise<T> {
	const space = await Space.open();
	try {
		return await work(space);
	} finally {
		await space.close();
	}
}

/** Starts the clients, once all replicas can be reached and have carried out what makes the table. */
export async function underLoad(
	space: Space,
	service: string,
	replicas: readonly string[],
	making: readonly string[],
	table = "rows",
): Promise<Load> {
	await vi.waitFor(async () => {
		for (const replica of replicas) if (!(await isServed(space, service, replica))) throw new Error(replica);
	}, patience);
	for (const replica of replicas)
		for (const statement of making) await vi.waitFor(() => space.queryPod(replica, statement), patience);
	const endpoint = await space.endpoint(service);
	await space.reachable(service);
	return startLoad({ endpoint, table });
}

export async function isServed(space: Space, service: string, replica: string, not?: string): Promise<boolean> {
	const pod = await space.api.get<Pod>("pods", replica);
	if (pod === undefined || pod.metadata.uid === not) return false;
	const labels = `kubernetes.io/service-name=${service}`;
	return inEndpoints(await space.api.list<EndpointSlice>("endpointslices", { labels }), pod);
}

export async function must(ran: Promise<{ readonly status: number | null; readonly output: string }>): Promise<void> {
	const { status, output } = await ran;
	if (status !== 0) throw new Error(output);
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
	const began = performance.now();
	await work();
	return (performance.now() - began) / 1000;
}

/** `kubectl set image` on the plain StatefulSet: the seconds until its rollout is over. */
export function setImage({ namespace }: Space, image: string): Promise<number> {
	const kubectl = (...args: string[]) => run("kubectl", ["--namespace", namespace, ...args]);
	return secondsOf(async () => {
		await kubectl("set", "image", `statefulset/${plain.name}`, `server=${image}`);
		await kubectl("rollout", "status", `statefulset/${plain.name}`, "--timeout=10m");
	});
}

export interface Update {
	readonly seconds: number;
	readonly failedSelects: number;
	readonly failedInserts: number;
	/** In seconds. */
	readonly longestWritePause: number;
	readonly selects: number;
	readonly inserts: number;
	/** What clients were told, for whoever wants to know why. */
	readonly errors: readonly string[];
}

export function summary(seconds: number, seen: Seen): Update {
	const { selects, inserts, failedSelects, failedInserts, longestWritePause } = seen;
	return {
		seconds,
		failedSelects: failedSelects.length,
		failedInserts: failedInserts.length,
		longestWritePause: longestWritePause / 1000,
		selects,
		inserts,
		errors: [...failedSelects, ...failedInserts].slice(0, 5),
	};
}
