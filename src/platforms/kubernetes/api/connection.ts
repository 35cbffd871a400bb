import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../../../control/errors";
import { retry } from "../../../control/retry";
import { apiError, noAnswer, Unanswered } from "./errors";
import type { ApiAnswer, ApiCall, Connection } from "./wire";

/** The package has ES modules only, which `require` loads; the types have to be imported as such. */
type KubeConfig = import("@kubernetes/client-node", { with: { "resolution-mode": "import" }}).KubeConfig;

/** Which cluster to connect to: exactly what the settings name; `kubeconfig` is a path or the content. */
export interface ConnectionSettings {
	readonly kubeconfig?: string;
	readonly context?: string;
}

const inClusterToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * Connects with the given kubeconfig, else with `KUBECONFIG` or `~/.kube/config`, else as a pod of the cluster. Sends
 * nothing yet.
 *
 * @throws PlatformError if there is no such kubeconfig or context, or if it disables the verification of TLS.
 */
export function connect(settings: ConnectionSettings): Connection {
	const config = load(settings);
	const cluster = config.getCurrentCluster();
	if (cluster === null)
		throw new PlatformError(
			`the kubeconfig names no cluster${config.currentContext ? ` for its context '${config.currentContext}'` : ""}: set kubernetes.kubeconfig or kubernetes.context`,
		);
	if (cluster.skipTLSVerify || !cluster.server.startsWith("https:"))
		throw new PlatformError(
			`the kubeconfig disables the verification of ${cluster.server} (${cluster.skipTLSVerify ? "insecure-skip-tls-verify" : "no https"}): set the cluster's certificate-authority instead`,
		);
	let skew = 0;
	let away: number | undefined;
	// Credentials may come from a slow program, and they expire: cached for a minute.
	let options: { readonly at: number; readonly value: Promise<RequestOptions> } | undefined;
	const agent = new Agent({ keepAlive: true, maxSockets: 32 });

	async function authorised(): Promise<RequestOptions> {
		if (options === undefined || Date.now() - options.at > 60_000)
			options = { at: Date.now(), value: prepare(config, cluster?.proxyUrl === undefined ? agent : undefined) };
		try {
			return await options.value;
		} catch (error) {
			options = undefined;
			throw new PlatformError(`can't get the kubeconfig's credentials: ${(error as Error).message}`);
		}
	}
	const connection: Connection = {
		server: cluster.server,
		now: () => Date.now() + skew,
		awayAt: () => away,
		async send(call) {
			const url = new URL(cluster.server.replace(/\/$/, "") + call.path);
			const attempt = async () => {
				const ways = await authorised();
				const [answer, date] = await exchange(url, ways, call).catch((error: Error) => {
					if (call.retry !== false && noServer.test(error.message)) away = Date.now();
					throw error;
				});
				// In a call to a pod the date is the pod's, whose node may have another clock, too.
				if (date !== undefined && call.retry !== false) skew = date - Date.now();
				if (answer.status === 401) options = undefined;
				if (call.retry !== false && overloaded(answer.status)) {
					if (answer.status !== 429) away = Date.now();
					throw new Unanswered(apiError(connection, call, answer));
				}
				return answer;
			};
			try {
				return await retry(attempt, (error, tries) =>
					error instanceof Unanswered && tries < (call.retry === false ? 1 : 5)
						? Math.random() * 250 * 2 ** (tries - 1)
						: undefined,
				);
			} catch (error) {
				throw error instanceof Unanswered ? error.reason(connection) : error;
			}
		},
	};
	return connection;
}

/** A closed connection is not counted: an API server closes idle ones. */
const noServer = /^(connect |no answer )/;

/** The API server or its proxy is overloaded or shutting down: worth another try. */
const overloaded = (status: number) => status === 429 || (status >= 500 && status !== 501);

function load({ kubeconfig, context }: ConnectionSettings): KubeConfig {
	const config = new (client().KubeConfig)();
	try {
		if (kubeconfig === undefined) loadDefault(config);
		else if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
		else config.loadFromFile(expand(kubeconfig));
	} catch (error) {
		// The parser's message quotes the text, which contains credentials.
		const { code: missing, path } = error as NodeJS.ErrnoException;
		const named = path ?? (kubeconfig === undefined || isContent(kubeconfig) ? undefined : kubeconfig);
		const which = named === undefined ? "the kubeconfig" : `the kubeconfig ${named}`;
		throw new PlatformError(
			`${which} can't be read${missing === undefined ? ": it is not a kubeconfig" : ` (${missing})`}`,
		);
	}
	// The client's default if it finds nothing: a server without TLS at localhost:8080.
	if (config.currentContext === "loaded-context" && kubeconfig === undefined)
		throw new PlatformError(
			"there is no kubeconfig: set kubernetes.kubeconfig or KUBECONFIG, or create ~/.kube/config",
		);
	if (context !== undefined) {
		if (config.getContextObject(context) === null) {
			const known = config.getContexts().map(({ name }) => name);
			throw new PlatformError(`the kubeconfig has no context '${context}'; it has ${known.join(", ") || "none"}`);
		}
		config.setCurrentContext(context);
	}
	return config;
}

function loadDefault(config: KubeConfig): void {
	if (process.env.KUBECONFIG === undefined && !readable(join(homedir(), ".kube", "config")) && readable(inClusterToken))
		config.loadFromCluster();
	else config.loadFromDefault();
}

function readable(path: string): boolean {
	try {
		return readFileSync(path).length > 0;
	} catch {
		return false;
	}
}

const isContent = (kubeconfig: string) => /\n|^\s*\{|^apiVersion:/.test(kubeconfig);
const expand = (path: string) => (path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);

/** A large optional peer dependency that only this platform needs: loaded on first use. */
function client(): { KubeConfig: new () => KubeConfig } {
	try {
		return require("@kubernetes/client-node");
	} catch (error) {
		const missing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
		throw new PlatformError(
			missing
				? "clusters on Kubernetes need the package @kubernetes/client-node: npm install @kubernetes/client-node@2"
				: `the package @kubernetes/client-node can't be loaded by Node ${process.version}: ${(error as Error).message}`,
		);
	}
}

async function prepare(config: KubeConfig, agent: Agent | undefined): Promise<RequestOptions> {
	const options: RequestOptions = {};
	await config.applyToHTTPSOptions(options);
	return { ...options, rejectUnauthorized: true, ...(agent === undefined ? {} : { agent }) };
}

function exchange(url: URL, options: RequestOptions, call: ApiCall): Promise<[ApiAnswer, date: number | undefined]> {
	return new Promise((resolve, reject) => {
		const headers = {
			...(options.headers as Record<string, string>),
			accept: "application/json",
			...call.headers,
			// Node omits it in a DELETE, and the server would read the body as the next request.
			...(call.body !== undefined && { "content-length": Buffer.byteLength(call.body) }),
			...(call.hangsUp && { "content-length": 1, expect: "100-continue" }),
		};
		const request = httpsRequest(url, { ...options, method: call.method, headers }, (response) => {
			collect(response).then((text) => {
				const date = Date.parse(response.headers.date ?? "");
				resolve([{ status: response.statusCode ?? 0, text }, Number.isNaN(date) ? undefined : date]);
			}, fail);
		});
		const limit = call.timeout ?? 30_000;
		const timer = setTimeout(() => request.destroy(new Error(`${noAnswer}within ${limit / 1000} seconds`)), limit);
		const fail = (error: Error) => {
			clearTimeout(timer);
			reject(new Unanswered(error));
		};
		request.on("error", fail);
		request.on("close", () => clearTimeout(timer));
		if (!call.hangsUp) return request.end(call.body);
		request.on("continue", () => {
			resolve([{ status: 100, text: "" }, undefined]);
			request.destroy();
		});
		request.flushHeaders();
	});
}

async function collect(response: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of response) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}
