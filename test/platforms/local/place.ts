import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Claim } from "../../../src/control/port";
import type { ObservedCluster } from "../../../src/core/cluster";
import type { State } from "../../../src/core/state";
import { type DbVersion, parseVersion } from "../../../src/core/version";
import { askRouter } from "../../../src/platforms/local/carry-out";
import { LocalControl } from "../../../src/platforms/local/control";
import { ensureRouter, paths, routerProcess, socketFolder } from "../../../src/platforms/local/home";
import { lockHolder } from "../../../src/platforms/local/lock";
import { type Numbers, noteNumbers, readNumbers } from "../../../src/platforms/local/notes";
import { type ProcessId, signal } from "../../../src/platforms/local/process-id";
import type { LocalCluster, RecordFile } from "../../../src/platforms/local/record";
import { openQuery } from "../../../src/platforms/local/replica-client";
import type { LocalSettings } from "../../../src/platforms/local/settings";
import { Store } from "../../../src/platforms/local/store";

export const v = (text: string) => parseVersion(text) as DbVersion;

/** Two real engines, and one between them that is not there. */
export const versions = { v1: v("26.5.1.1"), broken: v("26.6.1.1"), v2: v("26.7.2.1") };
export const engines = {
	[versions.v1]: "engine-26.5-linux-x64",
	[versions.broken]: "/no/such/engine",
	[versions.v2]: "@chdb/lib-linux-x64-gnu",
};

export const owner = "project/stack/contract";

/** A folder and a port of its own for one cluster, and what tests do to it. */
export class LocalPlace {
	private constructor(
		readonly name: string,
		readonly settings: LocalSettings,
		readonly home: string,
		/** Removed in the end. */
		readonly root: string,
	) {}

	static async open(more: Partial<LocalSettings> = {}): Promise<LocalPlace> {
		const root = more.directory ?? mkdtempSync(join(tmpdir(), "dbcluster-"));
		const home = more.directory ?? join(root, "c");
		const settings = { idleAfterSeconds: 0, engines, port: await freePort(), directory: home, ...more };
		return new LocalPlace("db", settings, home, root);
	}

	get url(): string {
		return `http://127.0.0.1:${this.settings.port}`;
	}

	get store(): Store {
		return new Store(this.home);
	}

	control(settings: Partial<LocalSettings> = {}): LocalControl {
		return new LocalControl(this.name, { ...this.settings, ...settings });
	}

	spec({
		version = versions.v1,
		shards = 1,
		replicas = 2,
	}: Partial<Record<"version", DbVersion> & Record<"shards" | "replicas", number>> = {}) {
		return { name: this.name, owner, generation: "g1", version, shards, replicas, settings: this.settings };
	}

	async under<T>(change: (claim: Claim, control: LocalControl) => Promise<T>): Promise<T> {
		const control = this.control();
		const claim = await control.claim("a test", 600);
		try {
			return await change(claim, control);
		} finally {
			await control.release(claim);
		}
	}

	async started(wanted: Parameters<LocalPlace["spec"]>[0] = {}): Promise<ObservedCluster> {
		await this.under((claim, control) => control.create(claim, this.spec(wanted)));
		await this.until("Started");
		await this.under((claim, control) => control.finish(claim));
		return this.until("Started");
	}

	until(state: State, seconds = 60): Promise<ObservedCluster> {
		return until(`the cluster is ${state}`, seconds, async () => {
			const cluster = await this.control().observe();
			return cluster?.state === state ? cluster : undefined;
		});
	}

	/** Changes what the cluster is to be, as its router does by itself. */
	async desire(desired: LocalCluster["desired"]): Promise<void> {
		await this.store.change((record: RecordFile) =>
			record.cluster === undefined ? undefined : { ...record, cluster: { ...record.cluster, desired } },
		);
		await askRouter(this.home);
	}

	/** The processes of the cluster that run, by what they are. */
	processes(): Record<string, ProcessId> {
		const replicas = Array.from({ length: 4 }, (_, n) => `0-${n}`);
		const all = [
			["router", routerProcess(this.home)] as const,
			...replicas.map((replica) => [replica, this.replicaProcess(replica)] as const),
		];
		return Object.fromEntries(all.filter((entry): entry is [string, ProcessId] => entry[1] !== undefined));
	}

	replicaProcess(replica: string): ProcessId | undefined {
		return lockHolder(paths.replicaLock(this.home, replica));
	}

	/** Ends a process of the cluster as a crash would. */
	kill(which: string): void {
		const id = this.processes()[which];
		if (id !== undefined) signal(id, "SIGKILL");
	}

	/** The number of the write that a replica has begun, and of the last one that it has answered. */
	numbers(replica: string): Numbers {
		return readNumbers(this.home, replica);
	}

	/** As if a replica that does not run had been killed right before it answered its last write. */
	forgetAnswer(replica: string): void {
		const { begun, answered } = this.numbers(replica);
		noteNumbers(this.home, replica, { begun, answered: answered - 1, failed: false });
	}

	/** Asks one replica itself, past the endpoint. */
	async ask(replica: string, sql: string): Promise<string> {
		const answer = await openQuery(join(socketFolder(this.home), `${replica}.sock`), "", Buffer.from(sql));
		const chunks: Buffer[] = [];
		for await (const chunk of answer) chunks.push(chunk as Buffer);
		return Buffer.concat(chunks).toString().trim();
	}

	/** Runs a statement over the endpoint; throws what it answers when that is no success. */
	async sql(sql: string, params: Record<string, string> = {}): Promise<string> {
		const search = new URLSearchParams(params);
		const answer = await fetch(`${this.url}/?${search}`, { method: "POST", body: sql });
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${answer.status} ${text.trim()}`);
		return text.trim();
	}

	/** Ends all processes and removes the folder. */
	async close(): Promise<void> {
		try {
			if (existsSync(join(this.home, "cluster.json"))) {
				await this.desire("Stopped");
				if (Object.keys(this.processes()).length > 0) ensureRouter(this.home);
				await until(
					"all processes have ended",
					30,
					async () => Object.keys(this.processes()).length === 0 || undefined,
				);
			}
		} finally {
			for (const which of ["router", ...Object.keys(this.processes())]) this.kill(which);
			rmSync(this.root, { recursive: true, force: true });
		}
	}
}

/** Waits until something is there; says what it waited for when that takes too long. */
export async function until<T>(what: string, seconds: number, look: () => Promise<T | undefined>): Promise<T> {
	const deadline = performance.now() + seconds * 1000;
	for (;;) {
		const found = await look();
		if (found !== undefined) return found;
		if (performance.now() > deadline) throw new Error(`waited ${seconds} seconds in vain until ${what}`);
		await sleep(20);
	}
}

export function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const address = server.address();
			server.close(() =>
				typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
			);
		});
	});
}
