import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { environment } from "./harness";

const [, host = "", repository = ""] = /^([^/]+)\/(.+)$/.exec(environment.image) ?? [];

/** Nodes of this machine alone reach a registry that a test opens. */
export const unreachable = host.startsWith("127.0.0.1:")
	? undefined
	: `${host} is another machine's: the nodes don't reach a registry of this process`;

/**
 * A registry of the images that the tests use in which a tag, also one of its own, can be made to mean another one, as
 * when an image is mended, or one that there is none of: it is listed, and can't be pulled.
 */
export class Registry {
	readonly #means = new Map<string, string | "nothing">();
	readonly #server = createServer((request, response) => void this.#answer(request, response));

	static async open(): Promise<Registry> {
		const registry = new Registry();
		await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
		return registry;
	}

	get image(): string {
		return `127.0.0.1:${(this.#server.address() as AddressInfo).port}/db`;
	}

	/** From now on a tag means what another tag of the tests' images does. */
	set(tag: string, means: string | "nothing"): void {
		this.#means.set(tag, means);
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer({ url = "", method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = url.replace(/^\/v2\/db\//, `/v2/${repository}/`);
		const tag = /\/manifests\/([^:/]+)$/.exec(path)?.[1];
		const means = tag === undefined ? undefined : (this.#means.get(tag) ?? tag);
		if (means === "nothing") {
			response.writeHead(200, { "docker-content-digest": `sha256:${"0".repeat(64)}` });
			return void response.end();
		}
		if (path.includes("/tags/list")) {
			const listed = (await (await fetch(`http://${host}${path}`)).json()) as { readonly tags: readonly string[] };
			const tags = [...new Set([...listed.tags, ...this.#means.keys()])];
			return void response.end(JSON.stringify({ tags }));
		}
		const { accept = "*/*" } = headers;
		const to = means === undefined ? path : path.replace(/[^/]+$/, means);
		const answer = await fetch(`http://${host}${to}`, { method, headers: { accept } });
		const passed = ["content-type", "content-length", "docker-content-digest"];
		const told = [...answer.headers].filter(([name]) => passed.includes(name));
		response.writeHead(answer.status, Object.fromEntries(told));
		if (answer.body !== null) for await (const part of answer.body) response.write(part);
		response.end();
	}
}
