import { harmless, harmlessJson } from "../core/visible";

/** Prints for people. Names and messages of clusters, states and servers are in it: nothing of them acts in a terminal. */
export function print(text: string, to: NodeJS.WritableStream = process.stdout): void {
	to.write(harmless(text));
}

export function printJson(value: unknown): void {
	process.stdout.write(`${harmlessJson(value)}\n`);
}
