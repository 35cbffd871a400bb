import { request } from "node:http";
import type { RouterStatus } from "./fleet";
import { routerSocket } from "./home";

/** Asks the router something over its own socket; `undefined` when none runs, or none that answers. */
async function order(home: string, path: "/reload" | "/status"): Promise<string | undefined> {
	const socketPath = routerSocket(home);
	if (socketPath === undefined) return undefined;
	return new Promise((resolve) => {
		const asked = request({ socketPath, path, agent: false, timeout: 10_000 }, (answer) => {
			const chunks: Buffer[] = [];
			answer.on("data", (chunk: Buffer) => chunks.push(chunk));
			answer.on("end", () => resolve(answer.statusCode === 200 ? Buffer.concat(chunks).toString() : undefined));
			answer.on("error", () => resolve(undefined));
		});
		asked.on("timeout", () => asked.destroy());
		asked.on("error", () => resolve(undefined));
		asked.end();
	});
}

/** What the router tells of itself. */
export async function routerStatus(home: string): Promise<RouterStatus | undefined> {
	const answer = await order(home, "/status");
	return answer === undefined ? undefined : (JSON.parse(answer) as RouterStatus);
}

/** Has the router read the record anew; once this resolves, it routes by it. Says whether one answered. */
export async function reloadRouter(home: string): Promise<boolean> {
	return (await order(home, "/reload")) !== undefined;
}
