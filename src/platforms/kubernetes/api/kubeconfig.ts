import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { PlatformError } from "../../../control/errors";
import { addUnread, equip, type KubeConfig } from "./kubeconfig-user";

/** Which cluster to connect to: exactly what the settings name; `kubeconfig` is a path or the content. */
export interface KubeconfigSettings {
	readonly kubeconfig?: string;
	readonly context?: string;
}

const inClusterToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/**
 * The given kubeconfig, else those of `KUBECONFIG`, else `~/.kube/config`, else the ServiceAccount of this pod.
 *
 * @throws PlatformError if there is no such kubeconfig or context.
 */
export function loadKubeconfig({ kubeconfig, context }: KubeconfigSettings): KubeConfig {
	const config =
		kubeconfig === undefined
			? byDefault()
			: isContent(kubeconfig)
				? fromText(kubeconfig)
				: merged([expand(kubeconfig)]);
	if (context !== undefined) {
		if (config.getContextObject(context) === null) {
			const known = config.getContexts().map(({ name }) => name);
			throw new PlatformError(`the kubeconfig has no context '${context}'; it has ${known.join(", ") || "none"}`);
		}
		config.setCurrentContext(context);
	}
	equip(config);
	return config;
}

function byDefault(): KubeConfig {
	const named = process.env.KUBECONFIG?.split(delimiter).filter((path) => path !== "") ?? [];
	if (named.length > 0) return merged(named);
	const own = fromFile(join(homedir(), ".kube", "config"));
	if (own !== undefined && own.clusters.length + own.contexts.length > 0) return own;
	if (!existsSync(inClusterToken))
		throw new PlatformError(
			"there is no kubeconfig: set kubernetes.kubeconfig or KUBECONFIG, or create ~/.kube/config",
		);
	const config = newConfig();
	config.loadFromCluster();
	return config;
}

/**
 * Missing files are left out. Of what several files name, the first file's is taken.
 *
 * Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/, "Merging kubeconfig files".
 */
function merged(paths: readonly string[]): KubeConfig {
	const files = paths.map(fromFile).filter((file) => file !== undefined);
	if (files.length === 0) throw unreadable(paths.join(", "), "ENOENT");
	const config = newConfig();
	config.loadFromOptions({
		clusters: firstOfEach(files.flatMap(({ clusters }) => clusters)),
		users: firstOfEach(files.flatMap(({ users }) => users)),
		contexts: firstOfEach(files.flatMap(({ contexts }) => contexts)),
		currentContext: files.find(({ currentContext }) => currentContext)?.currentContext,
	});
	return config;
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
	return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}

/** `undefined` where there is no such file. */
function fromFile(path: string): KubeConfig | undefined {
	const config = newConfig();
	try {
		const text = readFileSync(path, "utf8");
		// kubectl takes an empty file for an empty kubeconfig.
		if (text.trim() === "") return config;
		config.loadFromString(text);
		addUnread(config, text, dirname(path));
		config.makePathsAbsolute(dirname(path));
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT") return undefined;
		throw unreadable(path, code);
	}
	return config;
}

function fromText(text: string): KubeConfig {
	const config = newConfig();
	try {
		config.loadFromString(text);
		addUnread(config, text);
	} catch {
		throw unreadable();
	}
	return config;
}

/** The parser's message quotes the text, which contains credentials. */
function unreadable(path?: string, code?: string): PlatformError {
	// What is long, as a whole or in a part, may be its content in another form, such as base64.
	const isPath = path !== undefined && path.length < 400 && !/[\w+=]{64}/.test(path);
	const which = isPath ? `the kubeconfig ${path}` : "the kubeconfig";
	return new PlatformError(`${which} can't be read${code === undefined ? ": it is not a kubeconfig" : ` (${code})`}`);
}

const isContent = (kubeconfig: string) => /\n|^\s*\{|^apiVersion:/.test(kubeconfig);
const expand = (path: string) => (path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);

/** A large optional peer dependency that only this platform needs: loaded on first use. */
function newConfig(): KubeConfig {
	try {
		return new (require("@kubernetes/client-node").KubeConfig)();
	} catch (error) {
		const missing = (error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND";
		throw new PlatformError(
			missing
				? "clusters on Kubernetes need the package @kubernetes/client-node: npm install @kubernetes/client-node@2"
				: `the package @kubernetes/client-node can't be loaded by Node ${process.version}: ${(error as Error).message}`,
		);
	}
}
