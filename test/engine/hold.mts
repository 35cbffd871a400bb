import type { Stack } from "./stack.mts";

/** A query that one replica answers for as long as it is open: its client does not read on. */
export interface OpenQuery {
	close(): Promise<void>;
}

/** Opens a query that does not end by itself: its answer is larger than all the buffers on its way. */
export async function openQuery(stack: Stack): Promise<OpenQuery> {
	const sql = "SELECT repeat('x', 1000) FROM numbers(64000)";
	const answer = await fetch(`http://127.0.0.1:${stack.port}/`, { method: "POST", body: sql });
	if (!answer.ok) throw new Error(await answer.text());
	return { close: () => answer.body?.cancel().catch(() => {}) ?? Promise.resolve() };
}
