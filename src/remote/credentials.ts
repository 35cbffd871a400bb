import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ControlError } from "../control/errors";

export type RegistryCredentials =
	| { readonly username: string; readonly password: string }
	/** Exchanged for a token, by OAuth 2. */
	| { readonly identityToken: string };

/** The part of Docker's configuration that is about credentials. */
interface DockerConfig {
	readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
	readonly credsStore?: string;
	readonly credHelpers?: Readonly<Record<string, string>>;
}

/** Docker stores the credentials of its own registry under this name. */
const dockerHub = "https://index.docker.io/v1/";
const helperSeconds = 10;

/**
 * The credentials that `docker login` stored for a repository of a registry: in `config.json` of `DOCKER_CONFIG` or
 * `~/.docker`, or with the program `docker-credential-*` that it names. Messages never contain any of it.
 *
 * Source: https://docs.docker.com/reference/cli/docker/login/#credential-stores
 *
 * @throws ControlError if the configuration or its program is broken.
 */
export async function credentialsFor(registry: string, repository: string): Promise<RegistryCredentials | undefined> {
	const config = readConfig();
	const names =
		registry === "registry-1.docker.io" ? [dockerHub, "docker.io", "index.docker.io", registry] : [registry];
	const helper = entryOf(config.credHelpers, names, repository) ?? config.credsStore;
	if (helper !== undefined && helper !== "") {
		const found = await askHelper(helper, names[0] as string);
		if (found !== undefined) return found;
	}
	const { auth, identitytoken } = entryOf(config.auths, names, repository) ?? {};
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
		// The parser's message quotes the text, which contains credentials.
		throw new ControlError(`Docker's configuration ${path} is not valid JSON`);
	}
}

/**
 * Of the entries for a registry the one with the longest path that the repository is in, as podman and kaniko read them.
 * Docker goes by the host alone, so any other comes last. Older entries have a scheme before the host, and a version of the
 * API after it.
 *
 * Source: https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
function entryOf<T>(
	entries: Readonly<Record<string, T>> | undefined,
	names: readonly string[],
	repository: string,
): T | undefined {
	const bare = (name: string) => name.replace(/^https?:\/\//, "");
	const hostOf = (name: string) => bare(name).replace(/\/.*$/, "");
	const pathOf = (name: string) => bare(name).replace(/^[^/]*\/?(v[12](\/|$))?|\/$/g, "");
	const hosts = names.map(hostOf);
	const rank = (name: string) => {
		const path = pathOf(name);
		if (!`${repository}/`.startsWith(path === "" ? "" : `${path}/`)) return -1;
		return path.length + (names.includes(name) ? 0.5 : 0);
	};
	const [first] = Object.entries(entries ?? {})
		.filter(([name]) => hosts.includes(hostOf(name)))
		.sort(([one], [other]) => rank(other) - rank(one));
	return first?.[1];
}

/**
 * Asks a credential helper. It also fails if it knows nothing of the registry.
 *
 * Source: https://github.com/docker/docker-credential-helpers, "Development".
 */
function askHelper(name: string, server: string): Promise<RegistryCredentials | undefined> {
	const program = `docker-credential-${name}`;
	const failed = (why: string) =>
		new ControlError(`the program ${program}, which Docker's configuration names, ${why}`);
	if (!/^[\w.-]+$/.test(name))
		throw new ControlError("Docker's configuration has a credential helper with an invalid name");
	return new Promise((resolve, reject) => {
		const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "ignore"], timeout: helperSeconds * 1000 });
		const chunks: Buffer[] = [];
		child.on("error", ({ message }) => reject(failed(`can't be run: ${message}`)));
		child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
		child.on("close", (code, signal) => {
			if (signal !== null) return reject(failed(`does not respond within ${helperSeconds} seconds`));
			if (code !== 0) return resolve(undefined);
			const read = readHelper(Buffer.concat(chunks).toString("utf8"));
			return read === undefined ? reject(failed("does not return credentials")) : resolve(read);
		});
		// It may have exited before it read anything.
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
