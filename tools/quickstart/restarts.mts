import { setTimeout as sleep } from "node:timers/promises";
import { localPlatform } from "../../dist/platforms/local/index.js";
import { processesOf } from "../processes.mts";

/**
 * How long a bare restart of each replica takes, in seconds: its process is asked to end, and the cluster starts it
 * again, under the same load as the update. Nothing is drained, nothing is judged: what an update can't do without.
 */
export async function bareRestarts(name: string, local: Record<string, unknown>): Promise<number[]> {
	const read = localPlatform.read(local);
	if (!("settings" in read)) throw new Error("the quickstart's own settings are wrong");
	const control = localPlatform.control(name, read.settings);
	const replicas = (await control.observe())?.replicas ?? [];
	const serving = async (replica: string) => (await control.look(replica)).replica.serving;
	const times: number[] = [];
	for (const replica of replicas) {
		const folder = `"replica":"${replica.shard}-${replica.ordinal}"`;
		const process_ = (await processesOf(String(local.directory))).find(({ command }) => command.includes(folder));
		if (process_ === undefined) throw new Error(`${replica.name} has no process`);
		const began = performance.now();
		process.kill(process_.pid, "SIGTERM");
		while (await serving(replica.name)) await sleep(5);
		while (!(await serving(replica.name))) await sleep(5);
		times.push((performance.now() - began) / 1000);
	}
	return times;
}
