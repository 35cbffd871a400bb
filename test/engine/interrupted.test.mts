import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { askRouter } from "../../src/platforms/local/carry-out.ts";
import { processesOf, until } from "../../tools/processes.mts";
import type { Cli } from "./cli.mts";
import { opened, YamlStack } from "./native.mts";
import { engineFolders, newVersion, oldVersion, transition } from "./stack.mts";

// Ctrl-C on the real CLI, while a cluster is changed. That of the rollout between two replicas is in yaml.test.mts.

/** A cluster whose engines do not start for as long as a test holds them. */
class HeldStack extends YamlStack {
	readonly #held = join(this.folder, "held");

	/** Engines that start from now on wait, as one that has much to load. */
	hold(): this {
		writeFileSync(this.#held, "");
		return this;
	}

	release(): this {
		rmSync(this.#held);
		return this;
	}

	override async init(): Promise<this> {
		const addon = join(this.folder, "addon.cjs");
		const wait = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)";
		writeFileSync(
			addon,
			`while (require("node:fs").existsSync("${this.#held}")) ${wait};
			module.exports = require("${join(engineFolders.new, "chdb_node.node")}");`,
		);
		return this.set({ local: { addon } }).install();
	}

	/** The state of each replica that the router knows. */
	async replicas() {
		return (await askRouter(this.cluster))?.replicas ?? {};
	}

	private install(): Promise<this> {
		return super.init();
	}
}

/** Presses Ctrl-C and returns what the CLI has printed when it ends. */
async function interrupted(cli: Cli): Promise<string> {
	cli.kill("SIGINT");
	const { status, output } = await cli.ended;
	expect(status).not.toBe(0);
	expect(output).toContain("Next: run pulumi up again: it resumes from here.");
	return output;
}

test("ends on Ctrl-C while replicas join, and while a version is rehearsed, and goes on", async () => {
	const db = await opened(HeldStack);
	await db.upOk();
	await db.query("CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n");
	await db.query("INSERT INTO t SELECT number FROM numbers(1000)");

	const growing = db.hold().set({ replicas: 3 }).startUp();
	await until(async () => (await db.replicas())["0-2"] !== undefined);
	expect(await interrupted(growing)).toContain(
		`change of the size of 'db' stopped. This run was cancelled. db-0-0 and db-0-1 serve ${oldVersion}: reads and writes work.`,
	);
	expect(await db.query("SELECT count() FROM t")).toBe("1000");

	const rehearsing = db.set({ version: newVersion }).startUp();
	const trial = async () => (await processesOf(join(db.cluster, "trial"))).length;
	await until(async () => (await trial()) > 0);
	expect(await interrupted(rehearsing)).toContain(
		`update of 'db' to ${newVersion} stopped before any replica was updated. This run was cancelled.`,
	);
	expect(await trial()).toBe(0);

	const output = await db.release().upOk();
	expect(output).toContain("db-0-2");
	expect(output).toContain(transition);
	expect(Object.values(await db.replicas()).map(({ status }) => status?.version)).toEqual(Array(3).fill(newVersion));
	expect(await db.query("SELECT count() FROM t")).toBe("1000");
	expect(db.record().cluster?.mark).toBeUndefined();
});

test("the second Ctrl-C ends the CLI at once; the replica under way still serves, and the next up does the rest", async () => {
	const db = await opened(HeldStack);
	await db.set({ update: { rehearsal: { policy: "off" } } }).upOk();
	const cli = db.hold().set({ version: newVersion }).startUp();
	await until(() => db.record().cluster?.wanted["0-1"]?.version === newVersion);
	cli.kill("SIGINT");
	await cli.printed("terminate immediately, press ^C again");
	cli.kill("SIGINT");
	const { status, output } = await cli.ended;
	expect(status).not.toBe(0);
	expect(output).toContain("updating (interrupted)");

	db.release();
	await until(async () => (await db.replicas())["0-1"]?.status?.version === newVersion);
	const next = await db.up();
	expect(next.status, next.output).toBe(0);
	expect(next.output).toContain("::db, interrupted while updating");
	expect(next.output).toContain(`resuming ${transition}: 1 replica left`);
	expect(await db.query("SELECT version()")).toBe(newVersion);
});
