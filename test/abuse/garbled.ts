import fc from "fast-check";
import { hostileTexts, oddValues } from "./misuse";

/** What becomes of an answer on its way. */
export interface Garbling {
	/** Which of its values; as a part of all, so that it fits every answer. */
	readonly at: number;
	readonly how:
		| { readonly kind: "whole"; readonly text: string }
		| { readonly kind: "cut"; readonly share: number }
		| { readonly kind: "without" }
		| { readonly kind: "value"; readonly value: unknown };
}

const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

export const garblings: fc.Arbitrary<Garbling> = fc.record({
	at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
	how: fc.oneof(
		fc
			.constantFrom(
				...["", "null", "[]", "{}", "7", '"x"', "<html><body>Log in</body></html>", "{", deep(50_000), "\u0000\ud800"],
			)
			.map((text) => ({ kind: "whole", text }) as const),
		fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({ kind: "cut", share }) as const),
		fc.constant({ kind: "without" } as const),
		fc.oneof(fc.constantFrom(...hostileTexts), oddValues).map((value) => ({ kind: "value", value }) as const),
	),
});

/** JSON with one value changed or left out, or no JSON any more. */
export function garbled(text: string, { at, how }: Garbling): string {
	if (how.kind === "whole") return how.text;
	if (how.kind === "cut") return text.slice(0, Math.floor(text.length * how.share));
	let root: unknown;
	try {
		root = JSON.parse(text);
	} catch {
		return how.kind === "value" && typeof how.value === "string" ? how.value : "";
	}
	const places: { readonly object: Record<string, unknown>; readonly key: string }[] = [];
	const left: unknown[] = [root];
	for (let value = left.pop(); value !== undefined; value = left.pop()) {
		if (typeof value !== "object" || value === null) continue;
		for (const [key, each] of Object.entries(value)) {
			places.push({ object: value as Record<string, unknown>, key });
			left.push(each);
		}
	}
	const place = places[Math.floor(at * places.length)];
	if (place === undefined) return text;
	if (how.kind === "without") delete place.object[place.key];
	else place.object[place.key] = how.value;
	try {
		return JSON.stringify(root);
	} catch {
		// Too deep to write.
		return deep(50_000);
	}
}
