import { join } from "node:path";
import type { HeldTable, Holdings } from "../../core/holdings";
import { socketFolder } from "./home";
import { dataFolder } from "./protocol";
import { openQuery } from "./replica-client";

/** Every table is every replica's: each write goes to all of them. */
const path = "the cluster's writes";

const question =
	"SELECT database, name, engine FROM system.tables WHERE database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA') AND NOT is_temporary FORMAT JSONEachRow";

/** What a replica's process says that it holds; `undefined` while it does not answer. */
export async function holdsOf(home: string, replica: string): Promise<Holdings | undefined> {
	try {
		const socket = join(socketFolder(home), `${replica}.sock`);
		const answer = await openQuery(socket, "", Buffer.from(question), AbortSignal.timeout(10_000));
		const chunks: Buffer[] = [];
		for await (const chunk of answer) chunks.push(chunk as Buffer);
		if (answer.statusCode !== 200 || !answer.complete) return undefined;
		const lines = Buffer.concat(chunks).toString().split("\n");
		const rows = lines.flatMap((line) => (line === "" ? [] : [JSON.parse(line) as HeldTable]));
		const tables = rows.map(({ database, name, engine }) => ({ database, name, engine, path }));
		return { tables, at: join(home, replica, dataFolder) };
	} catch {
		return undefined;
	}
}
