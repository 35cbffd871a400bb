/**
 * Shows the CLI's output as it comes, without what it says twice: when it is done it repeats under Diagnostics whatever
 * it showed live, and while it has nothing to say it prints dots.
 */
export class Screen {
	readonly #live: string[] = [];
	#underDiagnostics = false;
	/** What is shown only once a line below it is. */
	#title: string | undefined;
	#section: string | undefined;

	/** The lines to show now for one more line of output; `plain` is the line without colours. */
	show(line: string, plain: string): string[] {
		if (plain.trim() === "" || /^@ \w+( \w+)?\.+$/.test(plain)) return [];
		if (plain === "Diagnostics:") {
			this.#underDiagnostics = true;
			this.#title = line;
			return [];
		}
		if (/^\S/.test(plain)) this.#underDiagnostics = false;
		if (!this.#underDiagnostics) {
			this.#live.push(plain);
			return [line];
		}
		if (/^ {2}\S.*:$/.test(plain)) {
			this.#section = line;
			return [];
		}
		if (this.#live.some((shown) => shown.endsWith(plain.trim()))) return [];
		const lines = [this.#title, this.#section, line].filter((text) => text !== undefined);
		this.#title = undefined;
		this.#section = undefined;
		return lines;
	}
}
