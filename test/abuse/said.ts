import { expect } from "vitest";

const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|<\{%/u;

/** That a text for people is one that a person can read, and acts nowhere: not in a terminal, not in Pulumi's display. */
export function expectReadable(text: string, most = 2500): void {
	expect(text.replaceAll("\n", "")).not.toMatch(acting);
	expect(text.length).toBeLessThan(most);
	expect(text).not.toMatch(/\[object \w+\]|\bundefined\b|is not a function|Cannot (read|convert)|call stack/);
	// No stack trace.
	expect(text).not.toMatch(/^\s+at .*:\d+/m);
}
