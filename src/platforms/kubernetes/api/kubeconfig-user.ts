import { readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { PlatformError } from "../../../control/errors";

/** The package has ES modules only, which `require` loads; the types have to be imported as such. */
export type KubeConfig = import("@kubernetes/client-node", { with: { "resolution-mode": "import" }}).KubeConfig;

/** What the client does not read, though kubectl does. */
interface Unread {
	readonly tokenFile?: string;
	readonly impersonation?: Readonly<Record<string, string | string[]>>;
}
type User = KubeConfig["users"][number] & Unread;
/** `forPlugins`: what a cluster says to credential plugins alone. */
type Cluster = KubeConfig["clusters"][number] & { readonly forPlugins?: unknown };

const userFormat = z.object({
	tokenFile: z.string().nullish(),
	"as-uid": z.string().nullish(),
	"as-groups": z.array(z.string()).nullish(),
	"as-user-extra": z.record(z.string(), z.array(z.string())).nullish(),
});
const extensionsFormat = z.array(z.object({ name: z.string(), extension: z.unknown() }));
const format = z.object({
	users: z.array(z.object({ user: userFormat.nullish() })).nullish(),
	clusters: z.array(z.object({ cluster: z.object({ extensions: extensionsFormat.nullish() }) })).nullish(),
});

/**
 * Adds to a configuration what the client does not read of its text; paths are relative to the kubeconfig's folder.
 *
 * Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
export function addUnread(config: KubeConfig, text: string, folder = ""): void {
	const { users, clusters } = format.parse(load(text));
	config.users = config.users.map((user, index): User => {
		const { tokenFile, ...its } = users?.[index]?.user ?? {};
		const { exec } = user;
		const command = exec && pluginAt(String(exec.command), folder);
		return {
			...user,
			...(tokenFile && { tokenFile: resolve(folder, tokenFile) }),
			...(exec && { exec: { ...exec, command } }),
			impersonation: {
				...(its["as-uid"] && { "Impersonate-Uid": its["as-uid"] }),
				...(its["as-groups"]?.length && { "Impersonate-Group": its["as-groups"] }),
				...Object.fromEntries(
					Object.entries(its["as-user-extra"] ?? {}).map(([key, values]) => [
						`Impersonate-Extra-${encodeURIComponent(key)}`,
						values,
					]),
				),
			},
		};
	});
	config.clusters = config.clusters.map((cluster, index): Cluster => {
		const extensions = clusters?.[index]?.cluster.extensions ?? [];
		const its = extensions.find(({ name }) => name === "client.authentication.k8s.io/exec");
		return { ...cluster, ...(its && { forPlugins: its.extension }) };
	});
}

/** A name without a slash is looked for on PATH. */
const pluginAt = (command: string, folder: string) =>
	folder === "" || isAbsolute(command) || !command.includes("/") ? command : resolve(folder, command);

/** The headers that name more of an impersonated user than the name, which the client sends. */
export const impersonationOf = (config: KubeConfig) => (config.getCurrentUser() as User | null)?.impersonation ?? {};

/** Reads the token of the current user's file, and says to its credential plugin what kubectl says to it. */
export function equip(config: KubeConfig): void {
	const user = config.getCurrentUser() as User | null;
	if (user === null) return;
	const { tokenFile, exec } = user;
	const equipped = {
		...user,
		...(tokenFile && { token: tokenIn(tokenFile, user.token) }),
		...(exec && { exec: told(exec, config.getCurrentCluster()) }),
	};
	config.users = config.users.map((one) => (one === user ? equipped : one));
}

/** The file's rather than the user's own, as with kubectl. */
function tokenIn(path: string, own: string | undefined): string {
	try {
		return contentOf("tokenFile", path).toString().trim();
	} catch (error) {
		if (own) return own;
		throw error;
	}
}

function contentOf(what: string, path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (error) {
		throw new PlatformError(
			`the kubeconfig's ${what} ${path} can't be read (${(error as NodeJS.ErrnoException).code})`,
		);
	}
}

/** Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
function told(exec: NonNullable<User["exec"]>, cluster: Cluster | null) {
	const { apiVersion, command, env, interactiveMode, provideClusterInfo } = exec;
	if (interactiveMode === "Always")
		throw new PlatformError(
			`the kubeconfig's credential plugin ${command} needs a terminal (interactiveMode: Always), which a provider of Pulumi does not have. Use a kubeconfig with a token or with another plugin`,
		);
	const spec = { interactive: false, ...(provideClusterInfo && cluster !== null && { cluster: clusterInfo(cluster) }) };
	const value = JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
	return { ...exec, env: [...(env ?? []), { name: "KUBERNETES_EXEC_INFO", value }] };
}

function clusterInfo({ server, tlsServerName, proxyUrl, caData, caFile, forPlugins }: Cluster): object {
	return {
		server,
		"tls-server-name": tlsServerName,
		"proxy-url": proxyUrl,
		"certificate-authority-data": caData ?? (caFile && contentOf("certificate-authority", caFile).toString("base64")),
		config: forPlugins,
	};
}
