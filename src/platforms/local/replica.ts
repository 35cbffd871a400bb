// Before anything uses libuv's threads: each query that runs has one.
process.env.UV_THREADPOOL_SIZE ??= "64";

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, parseVersion } from "../../core/version";
import { Chdb } from "./chdb";
import { copyData } from "./copy";
import { syncFolder, writeDurably } from "./durable";
import { paths, watchRouter } from "./home";
import { tryLock } from "./lock";
import { dataFolder, openedFile, type ReplicaOptions } from "./protocol";
import { ReplicaServer } from "./replica-server";
import { errorWords } from "./store";
import { Writer } from "./writer";

/**
 * The process of one replica: `node replica.js <ReplicaOptions as JSON>`. It holds one engine and one data folder, and
 * answers on a Unix socket. What keeps it from serving it says in its last line.
 */
async function main(options: ReplicaOptions): Promise<void> {
	const { home, replica, version, library, addon, source } = options;
	const folder = join(home, replica);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	process.chdir(folder);
	const locked = tryLock(paths.replicaLock(home, replica));
	if ("holder" in locked) throw new Error(`process ${locked.holder.pid} holds ${folder} already`);
	const server = await ReplicaServer.listen(options, () => locked.lock.release());
	watchRouter(home);

	server.phase = "loading the engine";
	const engine = Chdb.load(addon, library, version);
	if (source !== undefined) {
		server.phase = `copying the data of ${source.replica}`;
		await copyData(home, replica, source);
	}
	noteOpened(folder, options);
	server.phase = "opening the data";
	// What was said so far goes out first: opening blocks.
	await new Promise(setImmediate);
	writeFileSync("engine.xml", engineConfig, { mode: 0o600 });
	engine.open(join(folder, dataFolder), join(folder, "engine.xml"));
	await server.serve(await Writer.of(engine));
}

/** Of every table unless it says otherwise: how many tokens of INSERTs are remembered. */
const engineConfig = `<clickhouse>
	<merge_tree><non_replicated_deduplication_window>10000</non_replicated_deduplication_window></merge_tree>
</clickhouse>
`;

/** Notes that this version is about to open the data. Refuses when a higher one did. */
function noteOpened(folder: string, { version, replica }: ReplicaOptions): void {
	const path = join(folder, openedFile);
	let opened: ReturnType<typeof parseVersion>;
	try {
		opened = parseVersion(readFileSync(path, "utf8").trim());
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
	}
	const order = opened === undefined ? 1 : compareVersions(version, opened);
	if (order < 0) {
		throw new Error(`the data of ${replica} was opened by ${opened}, and a DB version never goes back to ${version}`);
	}
	if (order === 0) return;
	mkdirSync(join(folder, dataFolder), { recursive: true, mode: 0o700 });
	writeDurably(`${path}.new`, `${version}\n`);
	renameSync(`${path}.new`, path);
	syncFolder(join(folder, dataFolder));
}

const options = JSON.parse(process.argv[2] ?? "{}") as ReplicaOptions;

function fail(error: unknown): never {
	console.error(errorWords(error, options.home));
	process.exit(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
main(options).catch(fail);
