import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Step } from "./cells.mts";
import { type Exchange, Way } from "./steps.mts";

/** What it does to answers while a fault lasts. */
export type Disturbance = "busy" | "cut" | "late";

interface Ambush {
	readonly step: Step;
	/** Before the API server gets the request, or once it has carried it out. */
	readonly moment: "asked" | "answered";
	readonly hit: () => Promise<void>;
}

/** A way to the API server on 127.0.0.1, which sees every request and its answer, and can disturb both. */
export class ApiProxy {
	disturbance: Disturbance | undefined;
	/** Every step that was seen since the last {@link ambush}. */
	readonly seen: Step[] = [];
	#way = new Way();
	#ambush: Ambush | undefined;
	readonly #agent: Agent;
	readonly #server;
	#port = 0;

	private constructor(
		private readonly target: string,
		ca: string,
		private readonly certificate: Certificate,
	) {
		this.#agent = new Agent({ keepAlive: true, ca });
		this.#server = createServer(certificate, (asked, answer) => {
			this.#handle(asked, answer).catch(() => answer.destroy());
		});
	}

	/** @param kubeconfig As JSON, with one cluster. */
	static async open(kubeconfig: string): Promise<ApiProxy> {
		const [{ cluster }] = (JSON.parse(kubeconfig) as Kubeconfig).clusters;
		const ca = Buffer.from(cluster["certificate-authority-data"], "base64").toString();
		const proxy = new ApiProxy(cluster.server, ca, selfSigned());
		await proxy.#listen();
		return proxy;
	}

	/** The same credentials, by this way. */
	through(kubeconfig: string): string {
		const config = JSON.parse(kubeconfig) as Kubeconfig;
		const cluster = {
			server: `https://127.0.0.1:${this.#port}`,
			"certificate-authority-data": Buffer.from(this.certificate.cert).toString("base64"),
		};
		return JSON.stringify({ ...config, clusters: config.clusters.map((each) => ({ ...each, cluster })) });
	}

	/** Calls `hit` once when the next update comes to a step; that request goes on when it has resolved. */
	ambush(ambush: Ambush): void {
		this.#way = new Way();
		this.seen.length = 0;
		this.#ambush = ambush;
	}

	/** Refuses connections, and ends those that are open, until {@link back}. */
	async leave(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		await closed;
	}

	back(): Promise<void> {
		return this.#listen();
	}

	async close(): Promise<void> {
		if (this.#server.listening) await this.leave();
		this.#agent.destroy();
	}

	async #listen(): Promise<void> {
		await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
		this.#port = (this.#server.address() as AddressInfo).port;
	}

	async #handle(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
		const { method = "", url: path = "" } = asked;
		const at = Date.now();
		// A GET that announces a body never sends it; see ApiCall.hangsUp.
		const sent = method === "GET" ? "" : (await collected(asked)).toString();
		const exchange = { method, path, sent };
		// Of a write the request alone is a sign; of what is looked at, the answer that shows it.
		const isWrite = method !== "GET";
		const ambush = isWrite ? this.#note(exchange) : undefined;
		if (ambush?.moment === "asked") await ambush.hit();
		if (this.disturbance === "busy") return busy(answer);
		const before = this.disturbance;
		const [{ statusCode: status = 502, headers }, text] = await this.#forward(asked, answer, sent);
		const found = isWrite ? undefined : this.#note({ ...exchange, status, answer: text.toString() });
		if (ambush?.moment === "answered") await ambush.hit();
		await found?.hit();
		const disturbed = this.disturbance ?? before;
		if (disturbed === "late") await sleep(Math.max(0, at + 5000 - Date.now()));
		const { "transfer-encoding": _, connection: __, ...rest } = headers;
		answer.writeHead(status, { ...rest, "content-length": text.length });
		if (disturbed !== "cut") return void answer.end(text);
		answer.write(text.subarray(0, Math.floor(text.length / 2)), () => answer.destroy());
	}

	/** The ambush that lies where this exchange passes. */
	#note(exchange: Exchange): Ambush | undefined {
		const passed = this.#way.passes(exchange);
		this.seen.push(...passed);
		const ambush = this.#ambush;
		if (ambush === undefined || !passed.includes(ambush.step)) return undefined;
		this.#ambush = undefined;
		return ambush;
	}

	#forward(asked: IncomingMessage, answer: ServerResponse, sent: string): Promise<[IncomingMessage, Buffer]> {
		const { method, url = "", headers } = asked;
		return new Promise((resolve, reject) => {
			const { host: _, ...rest } = headers;
			const out = request(`${this.target}${url}`, { method, headers: rest, agent: this.#agent }, (found) =>
				collected(found).then((text) => resolve([found, text]), reject),
			);
			out.on("error", reject);
			answer.on("close", () => answer.writableFinished || out.destroy());
			if (method === "GET" && headers["content-length"] !== undefined) out.flushHeaders();
			else out.end(sent);
		});
	}
}

interface Kubeconfig {
	readonly clusters: readonly [
		{ readonly cluster: { readonly server: string; readonly "certificate-authority-data": string } },
	];
}

async function collected(stream: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/** As an API server with too many requests answers. */
function busy(answer: ServerResponse): void {
	const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "TooManyRequests", code: 429 };
	answer.writeHead(429, { "content-type": "application/json", "retry-after": "1" });
	answer.end(JSON.stringify({ ...status, message: "too many requests, please try again later" }));
}

interface Certificate {
	readonly key: string;
	readonly cert: string;
}

function selfSigned(): Certificate {
	const folder = mkdtempSync(join(tmpdir(), "dbc-proxy-"));
	try {
		const [key, cert] = [join(folder, "key"), join(folder, "cert")];
		const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"];
		const options = [...request, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert];
		execFileSync("openssl", options, { stdio: "ignore" });
		return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
	} finally {
		rmSync(folder, { recursive: true });
	}
}
