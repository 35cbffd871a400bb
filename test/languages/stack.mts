import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { NativeStack } from "../engine/native.mts";
import { root } from "../engine/project.mts";
import type { Language } from "./setup.mts";

/** A program in another language, which reads its arguments from args.json or from the stack's configuration. */
export class LanguageStack extends NativeStack {
	constructor(port: number, { path, env }: Language) {
		super(port);
		Object.assign(this.env, env, { PATH: [path, this.env.PATH].join(delimiter) });
	}
}

/** What docs/languages.md shows in a language. */
export function documented(language: "python" | "go"): string {
	const text = readFileSync(join(root, "docs/languages.md"), "utf8");
	const [, code] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(text) ?? [];
	if (code === undefined) throw new Error(`docs/languages.md has nothing in ${language}`);
	return code;
}
