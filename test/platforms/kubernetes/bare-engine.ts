import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DbVersion } from "../../../src/core/version";
import { QueryError, type Server, type Settings } from "../../../src/platforms/kubernetes/ask/server";
import { addonOf, engineEnvironment, installedEngines } from "../../../src/platforms/local/installed";
import { engines } from "../local/place";

type Sql = Pick<Server, "rows" | "run">;

const built = join(__dirname, "../../../dist/platforms/local/chdb.js");

/**
 * A current engine in the place of a pod's, since the servers of the real cluster are old ones: one process, with no local
 * platform around it that would refuse statements. It has no Keeper.
 */
export class BareEngine {
	private calls = 0;

	private constructor(
		private readonly child: ChildProcess,
		private readonly root: string,
	) {
		child.setMaxListeners(0);
	}

	/** @param config what is in the root of its settings. */
	static async open(version: DbVersion, config = "", env: NodeJS.ProcessEnv = {}): Promise<BareEngine> {
		const installed = await installedEngines({ engines } as Parameters<typeof installedEngines>[0]);
		const library = installed.find((engine) => engine.version === version)?.library ?? "";
		const addon = addonOf({ engines } as Parameters<typeof addonOf>[0], installed);
		const root = mkdtempSync(join(tmpdir(), "dbcluster-engine-"));
		const folder = join(root, "data");
		writeFileSync(`${folder}.xml`, `<clickhouse>${config}</clickhouse>`);
		const child = fork(join(__dirname, "bare-engine.cjs"), [built, addon, library, version, folder], {
			cwd: root,
			env: { ...process.env, ...env, ...engineEnvironment(library) },
			// With a server's settings it logs to the console.
			stdio: ["ignore", "ignore", "ignore", "ipc"],
		});
		const ended = once(child, "exit").then(() => {
			throw new Error("the engine's process has ended");
		});
		await Promise.race([once(child, "message"), ended]);
		ended.catch(() => {});
		return new BareEngine(child, root);
	}

	/** One that holds the table `shop.rows` with a row, and one that is empty. */
	static async pair(version: DbVersion): Promise<[from: BareEngine, to: BareEngine]> {
		const [from, to] = await Promise.all([BareEngine.open(version), BareEngine.open(version)]);
		await from.sql("CREATE DATABASE shop");
		await from.sql("CREATE TABLE shop.rows (n UInt64, `odd ``name` String) ENGINE = MergeTree ORDER BY n");
		await from.sql("INSERT INTO shop.rows VALUES (1, 'one')");
		return [from, to];
	}

	/** The answer, without the last line's end. */
	async sql(sql: string, settings: Settings = {}, format = "TabSeparated"): Promise<string> {
		const id = this.calls++;
		const answer = new Promise<string>((resolve, reject) => {
			const hear = (message: { readonly id: number; readonly text?: string; readonly error?: string }) => {
				if (message.id !== id) return;
				this.child.off("message", hear);
				if (message.text === undefined) reject(new QueryError(message.error ?? ""));
				else resolve(message.text.replace(/\n$/, ""));
			};
			this.child.on("message", hear);
		});
		this.child.send({ id, sql, settings, format });
		return answer;
	}

	/** As what asks servers sees it. What a server gets by GET is read-only. */
	get server(): Server {
		return this.but({});
	}

	/** The same, but for what is given. */
	but(other: Partial<Sql>): Server {
		const server: Sql = {
			rows: async (sql, settings) => {
				const text = await this.sql(sql, { ...settings, readonly: "2" }, "JSONEachRow");
				return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
			},
			run: async (sql, settings) => void (await this.sql(sql, settings)),
			...other,
		};
		return server as Server;
	}

	async close(): Promise<void> {
		const ended = once(this.child, "exit");
		if (this.child.exitCode === null && this.child.kill("SIGKILL")) await ended;
		rmSync(this.root, { recursive: true, force: true });
	}
}
