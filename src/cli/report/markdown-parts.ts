import { oneLine } from "../../words/text";

/** Invisible: it keeps a name from pinging anybody, and a number from linking to an issue. */
const nothing = "\u200b";

/**
 * Escapes foreign text as one line of a comment: it contains no Markdown or HTML, does not break out of a table, and
 * pings nobody.
 *
 * @param most Characters; longer text ends with dots.
 * @example text("<b> by @ann | #12"); // looks the same
 */
export function text(words: string, most = 1500): string {
	return (
		oneLine(words, most)
			.replace(/&/g, "&amp;")
			.replace(/</g, "&lt;")
			.replace(/>/g, "&gt;")
			.replace(/[\\`*_[\]|~$]/g, "\\$&")
			// A URL would become a link.
			.replace(/:(?=\/\/)/g, "\\:")
			.replace(/www\./gi, (www) => `${www.slice(0, -1)}\\.`)
			.replace(/[@#]|GH(?=-\d)/gi, `$&${nothing}`)
	);
}

export function code(name: string): string {
	return /^[\w./-]{1,100}$/.test(name) ? `\`${name}\`` : `<code>${text(name, 100)}</code>`;
}

/** A link; its URL has been through `URL`. */
export function link(words: string, url: string): string {
	return `[${text(words)}](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)`;
}

/** A table whose cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The first pieces that fit, and how many do not. */
export function fitting(pieces: readonly string[], room: number): { readonly kept: string[]; readonly left: number } {
	const kept: string[] = [];
	let used = 0;
	for (const piece of pieces) {
		used += piece.length + 2;
		if (used > room) break;
		kept.push(piece);
	}
	return { kept, left: pieces.length - kept.length };
}
