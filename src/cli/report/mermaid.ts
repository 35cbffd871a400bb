import type { Order } from "../../words/order";

/**
 * The order of replicas as a Mermaid diagram; shards that are updated in parallel are separate lines.
 *
 * @example diagram({ lanes: [["analytics-0-1", "analytics-0-0"]] });
 */
export function diagram({ first, lanes }: Order): string {
	const lines = ["flowchart LR"];
	let number = 0;
	const node = (name: string) => `r${number++}["${label(name)}"]`;
	if (first !== undefined) lines.push(node(first));
	for (const lane of lanes) {
		const nodes = lane.map(node);
		lines.push([...(first === undefined ? [] : ["r0"]), ...nodes].join(" --> "));
	}
	return lines.map((line, index) => (index === 0 ? line : `    ${line}`)).join("\n");
}

/** A label can't end its quotes: special characters are written as their numbers. */
function label(name: string): string {
	return [...name].map((letter) => (/[\w. -]/.test(letter) ? letter : `#${letter.codePointAt(0)};`)).join("");
}
