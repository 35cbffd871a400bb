import type { ServerResponse } from "node:http";
import { TestServer } from "./server";

/** What a registry wants to see before it tells anything. */
export interface Wants {
	/** `token`: as the public ones do, a token of the realm's; `basic`: a password; `nothing`: as one in a closed network does. */
	readonly proof: "token" | "basic" | "nothing";
	/** Who may pull, `ann:secret`, or `refresh:id` for an identity token; anybody unless given. */
	readonly only?: string;
}

/** A registry of one repository `db`, as far as it is asked here. Each page holds two tags. */
export async function fakeRegistry(tags: readonly string[], wants: Wants = { proof: "token" }): Promise<FakeRegistry> {
	const registry = new FakeRegistry(tags, wants);
	registry.server = await TestServer.open((request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
		const { authorization = "" } = request.headers;
		if (pathname === "/token")
			return registry.token(response, authorization, searchParams, new URLSearchParams(request.body));
		if (!registry.accepts(authorization)) {
			const realm = `Bearer realm="${registry.server?.url}/token",service="reg",scope="repository:db:pull"`;
			response.writeHead(401, { "www-authenticate": wants.proof === "basic" ? 'Basic realm="reg"' : realm });
			return response.end();
		}
		registry.answer(response, pathname, searchParams);
	});
	return registry;
}

export class FakeRegistry {
	server: TestServer | undefined;
	/** Of the tags whose digest is not their own. */
	readonly digests: Record<string, string> = {};
	/** Answers that are given before all others, once each. */
	readonly instead: ((response: ServerResponse) => void)[] = [];

	constructor(
		readonly tags: readonly string[],
		private readonly wants: Wants,
	) {}

	get host(): string {
		return this.server?.host ?? "";
	}
	get image(): string {
		return `${this.host}/db`;
	}
	asked(path: RegExp): string[] {
		return this.server?.asked.filter((line) => path.test(line)) ?? [];
	}

	accepts(authorization: string): boolean {
		const { proof, only } = this.wants;
		if (proof === "nothing") return true;
		if (proof === "basic") return authorization === basic(only ?? "");
		return authorization === `Bearer ${only ?? "anybody"} for repository:db:pull of reg`;
	}

	/** A token names whoever it was given to, so that one that nobody may pull with is given, too, as public ones do. */
	token(response: ServerResponse, authorization: string, query: URLSearchParams, form: URLSearchParams): void {
		const { only = "anybody" } = this.wants;
		const refresh = form.get("refresh_token");
		const asked = refresh === null ? query : form;
		if (authorization !== "" && authorization !== basic(only)) {
			response.statusCode = 401;
			return void response.end(JSON.stringify({ details: "incorrect username or password" }));
		}
		const who = refresh === null ? (authorization === "" ? "anybody" : only) : `refresh:${refresh}`;
		const token = `${who} for ${asked.get("scope")} of ${asked.get("service")}`;
		response.end(JSON.stringify(refresh === null ? { token, expires_in: 300 } : { access_token: token }));
	}

	answer(response: ServerResponse, path: string, query: URLSearchParams): void {
		const instead = this.instead.shift();
		if (instead !== undefined) return void instead(response);
		const [, tag] = /^\/v2\/db\/manifests\/(.*)$/.exec(path) ?? [];
		if (tag !== undefined) {
			const digest = `sha256:${this.digests[tag] ?? tag}`;
			response.writeHead(this.tags.includes(tag) ? 200 : 404, { "docker-content-digest": digest });
			return void response.end();
		}
		if (path !== "/v2/db/tags/list") {
			response.statusCode = 404;
			return void response.end();
		}
		const from = Number(query.get("last") ?? 0);
		// The host is what a registry behind a proxy says of itself: nobody else knows it.
		const next = `http://registry.internal/v2/db/tags/list?last=${from + 2}&n=2`;
		if (from + 2 < this.tags.length) response.setHeader("link", `<${next}>; rel="next"`);
		response.end(JSON.stringify({ name: "db", tags: this.tags.slice(from, from + 2) }));
	}
}

function basic(who: string): string {
	return `Basic ${Buffer.from(who).toString("base64")}`;
}
