import { dirname } from "node:path/posix";

/** As far as it says where the server's configuration is. */
export interface ConfiguredContainer {
	readonly image?: string;
	readonly command?: readonly string[];
	readonly args?: readonly string[];
	readonly env?: readonly { readonly name: string; readonly value?: string }[];
	readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

/** Where ClickHouse's own images have it. */
const usual = "/etc/clickhouse-server/config.xml";

/**
 * The folder of which a container's server merges the files into its main file, after all others. `undefined` where signs
 * say that the main file is elsewhere and not where: an image with folders of its own, a path that the shell fills in.
 *
 * Source: ClickHouse's documentation, "Configuration Files"; CLICKHOUSE_CONFIG is of its images' entrypoint.
 *
 * @example configFolderOf({ args: ["--config-file=/config/main.xml"] }); // "/config/main.d"
 */
export function configFolderOf({
	image = "",
	command = [],
	args = [],
	env = [],
	volumeMounts = [],
}: ConfiguredContainer) {
	const words = [...command, ...args].join(" ");
	const [, argued] = /(?:^|\s)(?:--config(?:-file)?[= ]|-C ?)["']?([^\s"']+)/.exec(words) ?? [];
	const named = argued ?? env.find(({ name }) => name === "CLICKHOUSE_CONFIG")?.value;
	if (named !== undefined) return /^\/.*\.(xml|ya?ml|conf)$/.test(named) ? named.replace(/\.\w+$/, ".d") : undefined;
	const isElsewhere = ({ mountPath }: { readonly mountPath: string }) =>
		/\/conf(ig)?\.d(\/|$)/.test(mountPath) && !mountPath.startsWith(dirname(usual));
	// Bitnami's image merges files of /bitnami/clickhouse/etc/conf.d.
	return /\bbitnami/.test(image) || volumeMounts.some(isElsewhere) ? undefined : usual.replace(/\.\w+$/, ".d");
}
