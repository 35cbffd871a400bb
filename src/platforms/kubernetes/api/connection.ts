import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { PlatformError } from "../../../control/errors";
import { retry } from "../../../control/retry";
import { apiError, noAnswer, Unanswered } from "./errors";
import { type KubeconfigSettings, loadKubeconfig } from "./kubeconfig";
import { impersonationOf, type KubeConfig } from "./kubeconfig-user";
import type { ApiAnswer, ApiCall, Connection } from "./wire";

/**
 * Connects with the given kubeconfig, else with `KUBECONFIG` or `~/.kube/config`, else as a pod of the cluster. Sends
 * nothing yet.
 *
 * @throws PlatformError if there is no such kubeconfig or context, or if it disables the verification of TLS.
 */
export function connect(settings: KubeconfigSettings): Connection {
	let config = loadKubeconfig(settings);
	const cluster = config.getCurrentCluster();
	if (cluster === null)
		throw new PlatformError(
			`the kubeconfig names no cluster${config.currentContext ? ` for its context '${config.currentContext}'` : ""}: set kubernetes.kubeconfig or kubernetes.context`,
		);
	if (typeof cluster.server !== "string" || !URL.canParse(cluster.server))
		throw new PlatformError(
			`the kubeconfig names no address of an API server for its cluster '${cluster.name}': set its server, such as https://10.0.0.1:6443`,
		);
	if (cluster.skipTLSVerify || !cluster.server.startsWith("https:"))
		throw new PlatformError(
			cluster.skipTLSVerify
				? `the kubeconfig disables the verification of ${cluster.server} (insecure-skip-tls-verify): set the cluster's certificate-authority instead`
				: `the kubeconfig connects to ${cluster.server} without https, so the API server can't be verified: set the cluster's server to an https address`,
		);
	let skew = 0;
	let away: number | undefined;
	// A program may take its time for them, and they expire: cached for a minute.
	let cached: { readonly at: number; readonly options: Promise<RequestOptions> } | undefined;
	const agent = new Agent({ keepAlive: true, maxSockets: 32 });

	function credentials() {
		if (cached === undefined || Date.now() - cached.at > 60_000)
			cached = { at: Date.now(), options: prepare(config, cluster?.proxyUrl === undefined ? agent : undefined) };
		return cached;
	}
	/** The client keeps a plugin's token that has no expiry for good, and a file may have changed. */
	function renew(rejected: typeof cached): void {
		if (cached !== rejected) return;
		cached = undefined;
		const fresh = loadKubeconfig(settings);
		if (fresh.getCurrentCluster()?.server === connection.server) config = fresh;
	}
	const connection: Connection = {
		server: cluster.server,
		now: () => Date.now() + skew,
		awayAt: () => away,
		async send(call) {
			const url = new URL(cluster.server.replace(/\/$/, "") + call.path);
			const attempt = async (isRenewed = false): Promise<ApiAnswer> => {
				const used = credentials();
				const options = await used.options.catch((error: Error) => {
					cached = undefined;
					// A parser's message quotes what it can't read, such as a token.
					const why = error instanceof SyntaxError ? "the output of its credential plugin is not JSON" : error.message;
					throw new PlatformError(`can't get the kubeconfig's credentials: ${why}`);
				});
				const [answer, date] = await exchange(url, options, call).catch((error: Error) => {
					if (call.retry !== false && noServer.test(error.message)) away = Date.now();
					throw error;
				});
				// In a call to a pod the date is the pod's, whose node may have another clock, too.
				if (date !== undefined && call.retry !== false) skew = date - Date.now();
				if (answer.status === 401 && !isRenewed) {
					renew(used);
					return attempt(true);
				}
				if (call.retry !== false && overloaded(answer.status)) {
					if (answer.status !== 429) away = Date.now();
					throw new Unanswered(apiError(connection, call, answer));
				}
				return answer;
			};
			try {
				return await retry(
					() => attempt(),
					(error, tries) =>
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

/** Milliseconds in which a request reaches a pod: nothing says so before its body was sent. */
const hangUpMoment = 300;

/** A closed connection is not counted: an API server closes idle ones. */
const noServer = /^(connect |no answer )/;

/** The API server or its proxy is overloaded or shutting down: worth another try. */
const overloaded = (status: number) => status === 429 || (status >= 500 && status !== 501);

async function prepare(config: KubeConfig, agent: Agent | undefined): Promise<RequestOptions> {
	const options: RequestOptions = {};
	await config.applyToHTTPSOptions(options);
	const headers = { ...options.headers, ...impersonationOf(config) } as OutgoingHttpHeaders;
	return { ...options, headers, rejectUnauthorized: true, ...(agent === undefined ? {} : { agent }) };
}

function exchange(url: URL, options: RequestOptions, call: ApiCall): Promise<[ApiAnswer, date: number | undefined]> {
	return new Promise((resolve, reject) => {
		const headers = {
			...(options.headers as OutgoingHttpHeaders),
			accept: "application/json",
			...call.headers,
			// Node omits it in a DELETE, and the server would read the body as the next request.
			...(call.body !== undefined &&
				(call.chunked ? { "transfer-encoding": "chunked" } : { "content-length": Buffer.byteLength(call.body) })),
			// Only announced: to ask first whether it may be sent ended a server of ClickHouse 26.7.
			...(call.hangsUp && { "content-length": 1 }),
		};
		const request = sent(url, { ...options, method: call.method, headers }, (response) => {
			collect(response, url).then((text) => {
				const date = Date.parse(response.headers.date ?? "");
				resolve([{ status: response.statusCode ?? 0, text }, Number.isNaN(date) ? undefined : date]);
			}, fail);
		});
		const limit = call.timeout ?? 30_000;
		const timer = setTimeout(() => request.destroy(new Error(`${noAnswer}within ${limit / 1000} seconds`)), limit);
		const fail = (error: Error) => {
			clearTimeout(timer);
			// What is too long is so the next time, too.
			reject(error instanceof PlatformError ? error : new Unanswered(error));
		};
		request.on("error", fail);
		request.on("close", () => clearTimeout(timer));
		if (!call.hangsUp) return request.end(call.body);
		request.flushHeaders();
		setTimeout(() => {
			resolve([{ status: 0, text: "" }, undefined]);
			request.destroy();
		}, hangUpMoment);
	});
}

/** A kubeconfig may hold anything: Node.js throws where a header can't hold it, and does not quote it. */
function sent(...[url, options, answered]: [URL, RequestOptions, (response: IncomingMessage) => void]): ClientRequest {
	try {
		return httpsRequest(url, options, answered);
	} catch (error) {
		throw new PlatformError(
			`the token, certificate or key of the kubeconfig is malformed: ${(error as Error).message}`,
		);
	}
}

/** Bytes of an answer: more than a list of ten thousand pods takes. */
const largest = 128 << 20;

async function collect(response: IncomingMessage, { origin }: URL): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of response) {
		size += (chunk as Buffer).length;
		if (size > largest)
			throw new PlatformError(
				`${origin} sends more than ${largest.toLocaleString("en")} bytes: make sure that the kubeconfig names an API server`,
			);
		chunks.push(chunk as Buffer);
	}
	return Buffer.concat(chunks).toString("utf8");
}
