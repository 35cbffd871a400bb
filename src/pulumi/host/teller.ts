import { closeSync, openSync } from "node:fs";
import { harmless } from "../../core/visible";
import type { RollEvent } from "../../roll/events";
import { isPassing, isTold, progressText } from "../../words/progress";
import { call } from "./call";
import { type Line, theEngine } from "./engine";

/**
 * Writes each event of a cluster that a person cares about as a line, and what else there is to say.
 *
 * A line that a provider prints is shown live, and once more when all is done. Where there is a terminal only the newest is
 * seen live, so what is repeated is the record of it; in a log every line would stand twice. There, and on a terminal for
 * what is over in a moment, the engine is told that the line is for now only. Where the resource is known, all lines go to
 * the engine, which shows them on the resource's own row.
 */
export class Teller {
	/** Lines on their way to the engine, in order. */
	#sent: Promise<void> = Promise.resolve();
	#engine = theEngine();
	readonly #urn = call.getStore()?.urn;
	readonly #hide = call.getStore()?.hide ?? ((text: string) => text);
	readonly #keeps = hasTerminal();
	/** What each replica was said to do since it was last touched: one that fails and is started again says it each time. */
	readonly #told = new Map<string, Set<string>>();

	constructor(private readonly cluster: string) {}

	readonly tell = (event: RollEvent): void => {
		if (!isTold(event) || this.#isStale(event)) return;
		this.#write(`${this.cluster}: ${progressText(event)}`, isPassing(event));
	};

	/** Writes a line that is no event; it names the cluster itself. */
	say(line: string): void {
		this.#write(line, false);
	}

	/** Waits until every line is out; to be called when there are no more. */
	async said(): Promise<void> {
		await this.#sent;
	}

	#write(shown: string, passing: boolean): void {
		const text = harmless(this.#hide(shown));
		const isPassing = passing || !this.#keeps;
		const sends = this.#engine !== undefined && (isPassing || this.#urn !== undefined);
		this.#sent = this.#sent.then(() => (sends ? this.#send({ text, isPassing, urn: this.#urn }) : console.log(text)));
	}

	#isStale(event: RollEvent): boolean {
		if (event.event === "restarting") this.#told.delete(event.replica);
		if (event.event !== "progress") return false;
		const told = this.#told.get(event.replica) ?? new Set();
		this.#told.set(event.replica, told);
		if (told.has(event.phase)) return true;
		told.add(event.phase);
		return false;
	}

	async #send(line: Line): Promise<void> {
		try {
			if (this.#engine !== undefined) return await this.#engine(line);
		} catch {
			this.#engine = undefined;
		}
		// Who is not heard there may be alone: only a line that is printed shows that.
		console.log(line.text);
	}
}

function hasTerminal(): boolean {
	try {
		closeSync(openSync("/dev/tty", "r"));
		return true;
	} catch {
		return false;
	}
}

/** Writes one line about a cluster, such as in a preview. */
export async function tell(line: string): Promise<void> {
	const teller = new Teller("");
	teller.say(line);
	await teller.said();
}
