// Before anything uses libuv's threads: each query that runs has one.
process.env.UV_THREADPOOL_SIZE ??= "64";

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineConfig } from "./access";
import { Chdb } from "./chdb";
import { copyData } from "./copy";
import { errorWords } from "./errors";
import { ensureFolder } from "./files";
import { paths, watchCluster } from "./home";
import { tryLock } from "./lock";
import { noteOpened } from "./notes";
import { dataFolder, type ReplicaOptions } from "./protocol";
import { ReplicaServer } from "./replica-server";
import { Writer } from "./writer";

const configFile = "engine.xml";

/**
 * The process of one replica: `node replica.js <ReplicaOptions as JSON>`. It holds one engine and one data folder, and
 * answers on a Unix socket. What keeps it from serving it says in its last line.
 */
async function main(options: ReplicaOptions): Promise<void> {
	const { home, replica, version, library, addon, source } = options;
	const folder = join(home, replica);
	ensureFolder(folder);
	process.chdir(folder);
	const locked = tryLock(paths.replicaLock(home, replica));
	if ("holder" in locked) throw new Error(`process ${locked.holder.pid} still uses ${folder}`);
	const server = new ReplicaServer(options, locked);
	await server.listen();
	watchCluster(home, replica, locked);

	server.phase = "loading the engine";
	const engine = Chdb.load(addon, library, version);
	if (source !== undefined) {
		server.phase = `copying the data of ${source.replica}`;
		await copyData(home, replica, source);
	}
	noteOpened(home, replica, version);
	server.phase = "opening the data";
	// What was said so far goes out first: opening blocks.
	await new Promise(setImmediate);
	writeFileSync(configFile, engineConfig(configFile, engine.settings), { mode: 0o600 });
	engine.open(join(folder, dataFolder), join(folder, configFile));
	await engine.closeOverlay();
	await server.serve(new Writer(engine));
}

const options = JSON.parse(process.argv[2] ?? "{}") as ReplicaOptions;

function fail(error: unknown): never {
	console.error(errorWords(error, options.home));
	process.exit(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
main(options).catch(fail);
