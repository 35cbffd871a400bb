import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ControlError } from "../control/errors";

/** How to prove to a registry who asks. */
export type RegistryCredentials =
	| { readonly username: string; readonly password: string }
	/** To be exchanged for a token, by OAuth 2. */
	| { readonly identityToken: string };

/** Docker's own configuration, as far as it is about credentials. */
interface DockerConfig {
	readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
	readonly credsStore?: string;
	readonly credHelpers?: Readonly<Record<string, string>>;
}

/** Under this name Docker keeps what is for its own registry. */
const dockerHub = "https://index.docker.io/v1/";
const helperSeconds = 10;

/**
 * What `docker login` left for a registry: in `config.json` of `DOCKER_CONFIG` or `~/.docker`, or with the program
 * `docker-credential-*` that it names. Nothing of it is ever part of a message.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores
 *
 * @throws ControlError where the configuration or its program is out of order.
 */
export async function credentialsFor(registry: string): Promise<RegistryCredentials | undefined> {
	const config = readConfig();
	const names = registry === "registry-1.docker.io" ? [dockerHub, "docker.io", "index.docker.io"] : [registry];
	const helper = entryOf(config.credHelpers, names) ?? config.credsStore;
	if (helper !== undefined && helper !== "") {
		const found = await askHelper(helper, names[0] as string);
		if (found !== undefined) return found;
	}
	const { auth, identitytoken } = entryOf(config.auths, names) ?? {};
	if (identitytoken) return { identityToken: identitytoken };
	const [username, ...password] = Buffer.from(auth ?? "", "base64")
		.toString("utf8")
		.split(":");
	return username && password.length > 0 ? { username, password: password.join(":") } : undefined;
}

function readConfig(): DockerConfig {
	const path = join(process.env.DOCKER_CONFIG || join(homedir(), ".docker"), "config.json");
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") return {};
		throw new ControlError(`Docker's configuration ${path} can't be read (${code})`);
	}
	try {
		return (JSON.parse(text) as DockerConfig | null) ?? {};
	} catch {
		// The parser's own words quote the text, which holds credentials.
		throw new ControlError(`Docker's configuration ${path} is no JSON`);
	}
}

/** Older entries have a scheme before the host, or a path behind it. */
function entryOf<T>(entries: Readonly<Record<string, T>> | undefined, names: readonly string[]): T | undefined {
	const bare = (name: string) => name.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
	const wanted = names.map(bare);
	const found = Object.entries(entries ?? {}).filter(([name]) => wanted.includes(bare(name)));
	return (found.find(([name]) => names.includes(name)) ?? found[0])?.[1];
}

/**
 * Asks a credential helper. It answers with a failure also where it knows nothing of the registry.
 *
 * Source: https://github.com/docker/docker-credential-helpers, "Development".
 */
function askHelper(name: string, server: string): Promise<RegistryCredentials | undefined> {
	const program = `docker-credential-${name}`;
	const failed = (why: string) =>
		new ControlError(`the program ${program}, which Docker's configuration names, ${why}`);
	if (!/^[\w.-]+$/.test(name))
		throw new ControlError("Docker's configuration names a credential helper that is no name");
	return new Promise((resolve, reject) => {
		const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], timeout: helperSeconds * 1000 });
		const chunks: Buffer[] = [];
		child.on("error", ({ message }) => reject(failed(`does not run: ${message}`)));
		child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
		child.on("close", (code, signal) => {
			if (signal !== null) return reject(failed(`does not answer within ${helperSeconds} seconds`));
			if (code !== 0) return resolve(undefined);
			const read = readHelper(Buffer.concat(chunks).toString("utf8"));
			return read === undefined ? reject(failed("answers what is no credentials")) : resolve(read);
		});
		// It may have ended before it read anything.
		child.stdin.on("error", () => {});
		child.stdin.end(server);
	});
}

function readHelper(text: string): RegistryCredentials | undefined {
	try {
		const { Username, Secret } = JSON.parse(text) as { Username?: unknown; Secret?: unknown };
		if (typeof Username !== "string" || typeof Secret !== "string") return undefined;
		return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
	} catch {
		return undefined;
	}
}
