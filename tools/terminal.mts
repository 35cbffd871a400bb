import { styleText } from "node:util";

/** Where people read: colours and rewritten lines only on a terminal, plain whole lines everywhere else. */
const out = process.stdout;
const rewrites = out.isTTY === true && process.env.CI === undefined && process.env.TERM !== "dumb";

type Style = Parameters<typeof styleText>[0];
/** Colours text, on a terminal and without NO_COLOR only. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: out });

export const say = (text = ""): void => {
	out.write(`${text}\n`);
};

/** Something that takes a while: one line that is rewritten on a terminal, and a line each `every` seconds elsewhere. */
export class Progress {
	readonly #began = performance.now();
	readonly #every: number;
	#said = Number.NEGATIVE_INFINITY;
	#timer: NodeJS.Timeout | undefined;
	#detail = "";
	readonly title: string;

	constructor(title: string, every = 20) {
		this.title = title;
		this.#every = every;
		this.#draw();
		this.#timer = setInterval(() => this.#draw(), rewrites ? 250 : 1000);
		this.#timer.unref();
	}

	detail(text: string): void {
		this.#detail = text;
	}

	get seconds(): number {
		return (performance.now() - this.#began) / 1000;
	}

	/** Ends the line with how it went. */
	done(result: string): void {
		clearInterval(this.#timer);
		if (rewrites) out.write("\r\x1b[2K");
		say(`  ${this.title}: ${result}`);
	}

	#draw(): void {
		const text = `  ${this.title}${this.#detail === "" ? "" : `: ${this.#detail}`} (${Math.floor(this.seconds)} s)`;
		if (rewrites) out.write(`\r\x1b[2K${text.slice(0, Math.max(20, (out.columns ?? 80) - 1))}`);
		else if (this.seconds - this.#said >= this.#every) {
			this.#said = this.seconds;
			say(`${text} ...`);
		}
	}
}
