import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The clone's own folder. */
export const root = dirname(import.meta.dirname);

/** Asks no network: neither for news, nor for the plugins of packages that are installed and that no program uses. */
export const quiet = { PULUMI_SKIP_UPDATE_CHECK: "1", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/** The environment in which `pulumi` finds this Node.js, itself and its helpers, and is {@link quiet}. */
export function withPulumi(cli: { readonly folder: string }, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
	// Node.js first: the CLI's folder may well be /usr/bin, with an older one in it.
	const path = [dirname(process.execPath), cli.folder, process.env.PATH].join(delimiter);
	return { ...process.env, ...quiet, ...more, PATH: path };
}

/** A backend in a folder, and an empty passphrase: nothing here is secret, and nobody should be asked for one. */
export function localBackend(folder: string): NodeJS.ProcessEnv {
	return {
		PULUMI_BACKEND_URL: pathToFileURL(folder).href,
		PULUMI_CONFIG_PASSPHRASE: process.env.PULUMI_CONFIG_PASSPHRASE ?? "",
	};
}

/** Where the user keeps stacks, if that was ever said: by variable or by `pulumi login`. */
export function chosenBackend(): string | undefined {
	if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
	const credentials = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json");
	if (existsSync(credentials)) {
		const { current } = JSON.parse(readFileSync(credentials, "utf8")) as { current?: string };
		if (current) return current;
	}
	return process.env.PULUMI_ACCESS_TOKEN ? "https://api.pulumi.com" : undefined;
}
