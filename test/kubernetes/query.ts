/** Who may query the tests' clusters. */
export const credentials = { user: "app", password: "it's only a test" } as const;

interface QueryOptions {
	readonly timeout?: number;
	readonly localPort?: number;
	readonly login?: { readonly user: string; readonly password: string };
}

/** One query on a connection of its own; throws what the server or the connection says, or after `timeout` milliseconds. */
export async function queryAt(
	endpoint: string,
	sql: string,
	body?: string,
	{ timeout = 30_000, localPort, login = credentials }: QueryOptions = {},
): Promise<string> {
	const { request } = await import("node:http");
	return new Promise((resolve, reject) => {
		const sent = request(
			`${endpoint}/?${new URLSearchParams({ query: sql })}`,
			{
				method: "POST",
				agent: false,
				timeout,
				localPort,
				headers: { connection: "close", "x-clickhouse-user": login.user, "x-clickhouse-key": login.password },
			},
			(response) => {
				let text = "";
				response.setEncoding("utf8");
				response.on("data", (chunk: string) => {
					text += chunk;
				});
				response.on("error", reject);
				response.on("end", () =>
					response.statusCode === 200 ? resolve(text.trimEnd()) : reject(new Error(`${response.statusCode} ${text}`)),
				);
			},
		);
		sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeout / 1000} seconds`)));
		sent.on("error", reject);
		sent.end(body);
	});
}
