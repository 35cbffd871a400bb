import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engineConfig } from "./access";
import { Chdb } from "./chdb";
import { errorText } from "./errors";
import { dataFolder } from "./protocol";

/** The one argument, as JSON: `node trial-server.js <json>`. */
export interface TrialServerOptions {
	/** Empty, and of this process alone. */
	readonly folder: string;
	readonly version: string;
	readonly library: string;
	readonly addon: string;
}

/** A message to the process; it answers each with an {@link TrialAnswer} of the same number. */
export interface TrialQuestion {
	readonly n: number;
	readonly sql: string;
	readonly format: string;
	readonly settings: Readonly<Record<string, string>>;
}

/** Number 0 says that the engine is up. */
export type TrialAnswer = { readonly n: number } & ({ readonly text: string } | { readonly error: string });

const configFile = "engine.xml";

/** The process of an engine that is tried: it answers over the channel of the process that made it, and ends with it. */
async function main({ folder, version, library, addon }: TrialServerOptions): Promise<void> {
	process.on("disconnect", () => process.exit());
	process.chdir(folder);
	const engine = Chdb.load(addon, library, version as never);
	writeFileSync(configFile, engineConfig(configFile, engine.settings), { mode: 0o600 });
	mkdirSync(join(folder, dataFolder));
	engine.open(join(folder, dataFolder), join(folder, configFile));
	await engine.closeOverlay();
	const answer = (said: TrialAnswer) => process.send?.(said);
	process.on("message", ({ n, sql, format, settings: { database, ...settings } }: TrialQuestion) => {
		engine.run(sql, { database, settings }, format).then(
			({ bytes }) => answer({ n, text: bytes.toString() }),
			(error: unknown) => answer({ n, error: errorText(error) }),
		);
	});
	answer({ n: 0, text: "" });
}

main(JSON.parse(process.argv[2] ?? "{}") as TrialServerOptions).catch((error: unknown) => {
	console.error(errorText(error));
	process.exit(1);
});
