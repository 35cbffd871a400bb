import { delimiter } from "node:path";
import { NativeStack } from "../engine/native.mts";
import type { Language } from "./setup.mts";

/** A program in another language, which reads its arguments from args.json or from the stack's configuration. */
export class LanguageStack extends NativeStack {
	constructor(port: number, { path, env }: Language) {
		super(port);
		Object.assign(this.env, env, { PATH: [path, this.env.PATH].join(delimiter) });
	}
}
