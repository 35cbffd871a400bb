// Before anything uses libuv's threads: each query that runs has one.
process.env.UV_THREADPOOL_SIZE ??= "64";

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compareVersions, parseVersion } from "../../core/version";
import { Applier, Undecidable } from "./applier";
import { syncFolder, writeDurably } from "./durable";
import { Engine } from "./engine";
import { paths, watchRouter } from "./home";
import { tryLock } from "./lock";
import { LogReader, lastEntry } from "./log-reader";
import { Progress } from "./progress";
import { dataFolder, logFolder, openedFile, type ReplicaOptions } from "./protocol";
import { ReplicaServer } from "./replica-server";
import { word } from "./standby";
import { errorWords } from "./store";

/**
 * The process of one replica: `node replica.js <ReplicaOptions as JSON>`. It holds one engine and one data folder, follows
 * the cluster's log of writes, and answers on a Unix socket. What keeps it from serving it says in its last line.
 */
async function main(options: ReplicaOptions): Promise<void> {
	const { home, replica } = options;
	const folder = join(home, replica);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	process.chdir(folder);
	const engine = options.standby ? await loadAhead(options) : undefined;
	const locked = tryLock(paths.replicaLock(home, replica));
	if ("holder" in locked) throw new Error(`process ${locked.holder.pid} holds ${folder} already`);
	const server = await ReplicaServer.listen(options, () => locked.lock.release());
	try {
		await open(options, folder, server, engine);
		await server.serve();
	} catch (error) {
		// Starting again does not mend it: it stays, and says so when it is asked.
		if (!(error instanceof Undecidable)) throw error;
		server.holdOut(error.message);
	}
}

/** Loads the engine while another process may still hold the data, and waits until this one is to take its place. */
async function loadAhead({ addon, library, version }: ReplicaOptions): Promise<Engine> {
	const called = word();
	const engine = Engine.load(addon, library, version);
	await called;
	return engine;
}

/** Opens the replica's data, and brings it to the end of the log. */
async function open(options: ReplicaOptions, folder: string, server: ReplicaServer, loaded?: Engine): Promise<void> {
	const { home, version, library, addon } = options;
	watchRouter(home);

	server.phase = "loading the engine";
	const engine = loaded ?? Engine.load(addon, library, version);
	noteOpened(folder, options);
	const data = join(folder, dataFolder);
	const log = join(home, logFolder);
	const progress = new Progress(folder);
	const applier = new Applier(engine, progress, data, (phase) => {
		server.phase = phase;
	});
	server.attach({ engine, applier, progress, log });

	const undecided = progress.undecided();
	let settle: (() => Promise<unknown>) | undefined;
	if (undecided !== undefined) {
		const entry = new LogReader(log, undecided.n).next();
		if (entry === undefined) throw new Undecidable(`the log of writes lacks write ${undecided.n}, which it had begun`);
		settle = applier.settle(entry, undecided.before);
	}
	server.phase = "opening the data";
	// What was said so far goes out first: opening blocks.
	await new Promise(setImmediate);
	writeFileSync("engine.xml", engineConfig, { mode: 0o600 });
	engine.open(data, join(folder, "engine.xml"));
	await applier.prepare();
	if (settle !== undefined && undecided !== undefined) {
		server.phase = `settling write ${undecided.n}`;
		await settle();
		progress.done(undecided.n);
	}
	const last = lastEntry(log);
	const first = progress.applied + 1;
	for (const reader = new LogReader(log, first); progress.applied < last; ) {
		server.phase = `replaying ${progress.applied + 2 - first} of ${last + 1 - first}`;
		const entry = reader.next();
		if (entry === undefined) break;
		await applier.apply(entry);
	}
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
	writeDurably(`${path}.new`, `${version}\n`);
	renameSync(`${path}.new`, path);
	syncFolder(folder);
}

const options = JSON.parse(process.argv[2] ?? "{}") as ReplicaOptions;

function fail(error: unknown): never {
	console.error(errorWords(error, options.home));
	process.exit(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
main(options).catch(fail);
