import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "./errors";
import { Fleet } from "./fleet";
import { Front } from "./front";
import { paths, socketFolder } from "./home";
import { type Lock, tryLock } from "./lock";
import { portTaken } from "./port";
import type { RecordFile } from "./record";
import { Store } from "./store";
import { Writes } from "./to-replicas";

/**
 * The router: the one process of a cluster that gives it its endpoint, keeps its replicas' processes as the record wants
 * them, and takes orders on a socket of its own: `node router.js <the cluster's folder>`.
 */
class Router {
	readonly #store: Store;
	readonly #fleet: Fleet;
	readonly #front: Front;
	/** Answers clients. */
	#endpoint: Endpoint | undefined;
	/** Answers them once it has its port. */
	#next: Endpoint | undefined;
	/** It has its port, or has not got it. */
	#settled: Promise<unknown> = Promise.resolve();
	#trouble: string | undefined;

	constructor(
		readonly home: string,
		readonly lock: Lock,
		readonly sockets: string,
	) {
		this.#store = new Store(home);
		this.#fleet = new Fleet(this.#store, sockets);
		this.#front = new Front(this.#fleet, new Writes(this.#fleet), () => this.#desire("Idle", "Started"));
	}

	async run(): Promise<void> {
		for (let said = ""; ; ) {
			await sleep(this.#fleet.cluster?.desired === "Stopped" ? 50 : 500);
			try {
				await this.#tick();
			} catch (error) {
				const words = errorText(error);
				if (words !== said) console.error(words);
				said = words;
			}
		}
	}

	/** Reads the record again and acts on it. */
	reload(): void {
		this.#fleet.reload();
		const port = this.#fleet.cluster?.port;
		if (port !== undefined && port !== (this.#next ?? this.#endpoint)?.port) this.#listen(port);
	}

	/** Answers each order with how the replicas are, once requests are routed by the record as it is now. */
	orders(): Server {
		return createServer(async (_, response) => {
			try {
				this.reload();
				await this.#settled;
				response.end(JSON.stringify(this.#fleet.status(this.#endpoint?.port, this.#trouble)));
			} catch (error) {
				response.writeHead(500).end(errorText(error));
			}
		});
	}

	async #tick(): Promise<void> {
		this.#mustHold();
		this.reload();
		const { cluster } = this.#fleet;
		if (cluster === undefined || cluster.desired === "Stopped") return this.#endWhenStill();
		if (this.#trouble !== undefined) this.#listen(cluster.port);
		const { idleAfterSeconds } = cluster;
		const unused = idleAfterSeconds > 0 && this.#front.idleSeconds >= idleAfterSeconds;
		if (unused && this.#fleet.up && !this.#fleet.changing) await this.#desire("Started", "Idle");
	}

	/** Ends a router whose folder was removed: what is in its place is none of its business. */
	#mustHold(): void {
		if (this.lock.isHeld()) return;
		if (!existsSync(this.home)) rmSync(this.sockets, { recursive: true, force: true });
		process.exit(0);
	}

	/** Suspends the cluster, or wakes it; does nothing to one that is not as is thought. */
	async #desire(from: "Started" | "Idle", to: "Started" | "Idle"): Promise<void> {
		if (this.#fleet.cluster?.desired !== from) return;
		await this.#store.change((record) => {
			const { cluster } = record;
			return cluster?.desired === from ? { ...record, cluster: { ...cluster, desired: to } } : undefined;
		});
		this.reload();
	}

	/**
	 * Ends this process once all replicas have ended. The lock is given up under the record's own, so that whoever starts
	 * the cluster just now either finds this router still reading the record, or starts another one.
	 */
	async #endWhenStill(): Promise<void> {
		if (!this.#fleet.still) return;
		const isOver = (record?: RecordFile) => (record?.cluster?.desired ?? "Stopped") === "Stopped";
		const found = await this.#store.change((record) => {
			if (!isOver(record)) return undefined;
			// Nobody uses the sockets any more; outside of the cluster's folder nobody else would remove them.
			rmSync(this.sockets, { recursive: true, force: true });
			this.giveUp();
			return undefined;
		});
		if (isOver(found)) process.exit(0);
	}

	/** The port first: whoever finds no router any more may want it. */
	giveUp(): void {
		for (const endpoint of [this.#endpoint, this.#next]) endpoint?.server.close();
		this.lock.release();
	}

	/** Takes a port, and only then gives up the one before. */
	#listen(port: number): void {
		this.#next?.server.close();
		this.#next = undefined;
		this.#trouble = undefined;
		if (port === this.#endpoint?.port) return;
		const options = { maxHeaderSize: 1 << 20, requestTimeout: 0, keepAlive: true, keepAliveTimeout: 30_000 };
		const server = createServer(options, (request, response) => void this.#front.handle(request, response));
		const next = { port, server };
		this.#next = next;
		this.#settled = once(server.listen({ port, host: "127.0.0.1", backlog: 1024 }), "listening").then(
			() => {
				if (this.#next !== next) return server.close();
				this.#endpoint?.server.close();
				[this.#endpoint, this.#next] = [next, undefined];
				return server.on("error", (error) => console.error(error.message));
			},
			(error: NodeJS.ErrnoException) => {
				if (this.#next !== next) return;
				this.#trouble =
					error.code === "EADDRINUSE"
						? portTaken(port)
						: `port ${port} of 127.0.0.1 can't be opened: ${error.message}. Set local.port to another port.`;
				console.error(this.#trouble);
			},
		);
	}
}

interface Endpoint {
	readonly port: number;
	readonly server: Server;
}

async function main(home: string): Promise<void> {
	process.umask(0o077);
	const tried = tryLock(paths.routerLock(home));
	if ("holder" in tried) return;
	const sockets = socketFolder(home);
	const router = new Router(home, tried, sockets);
	router.reload();
	const socket = join(sockets, "router.sock");
	rmSync(socket, { force: true });
	await once(router.orders().listen(socket), "listening");
	writeFileSync(paths.sockets(home), sockets, { mode: 0o600 });
	process.on("SIGTERM", () => {
		router.giveUp();
		process.exit(0);
	});
	await router.run();
}

main(process.argv[2] ?? "").catch((error: unknown) => {
	console.error(errorText(error));
	process.exit(1);
});
