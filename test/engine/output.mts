import { expect } from "vitest";
import type { Ran } from "./cli.mts";

/** What Pulumi makes of a refusal: one readable block that names the property and the reason, and no stack trace. */
export function expectRefused({ status, output }: Ran, ...reasons: string[]): void {
	expect(status).not.toBe(0);
	for (const reason of reasons) expect(output).toContain(reason);
	expect(output).not.toContain("<nil>");
	expectNoStackTrace(output);
}

export function expectNoStackTrace(output: string): void {
	expect(output).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
}

/** The lines of a preview's diff that stand under `caveats`. */
export function caveats(output: string): string[] {
	const block = /[+~] caveats\s*: \{\n([\s\S]*?)\n\s*\}\n/.exec(output)?.[1] ?? "";
	// Pulumi pads the names to the longest one, which is no matter of ours.
	return block.split("\n").map((line) => line.trim().replace(/^([-+~] [^:"]*?) +:/, "$1:"));
}

export function inOrder(text: string, parts: readonly string[]): boolean {
	let at = 0;
	return parts.every((part) => {
		at = text.indexOf(part, at);
		return at >= 0;
	});
}
