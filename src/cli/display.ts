import { clearScreenDown, moveCursor } from "node:readline";
import type { WriteStream } from "node:tty";
import { print } from "./print";
import type { Display } from "./watch";

/** Writes lines to a stream; on a terminal also a footer, which the next lines push down. */
export function displayOn(out: NodeJS.WritableStream & Partial<WriteStream>): Display {
	if (!out.isTTY) return { line: (text) => print(`${text}\n`, out), below: () => {} };
	let standing: readonly string[] = [];
	const erase = () => {
		if (standing.length === 0) return;
		moveCursor(out, 0, -standing.length);
		clearScreenDown(out);
	};
	// A wrapped line would be two to move over.
	const draw = () => {
		for (const text of standing) print(`${text.slice(0, Math.max(1, (out.columns ?? 80) - 1))}\n`, out);
	};
	return {
		line(text) {
			erase();
			print(`${text}\n`, out);
			draw();
		},
		below(texts) {
			erase();
			standing = texts;
			draw();
		},
	};
}
