import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { archiveName, makeArchives } from "../../tools/archives.mts";

const machine = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;

/** Stands for the host that has a release's files: an address on this machine, and what was asked of it. */
export interface ReleaseHost {
	readonly url: string;
	/** With the archives of this kind of machine. */
	readonly folder: string;
	readonly asked: readonly string[];
	close(): void;
}

/** The file of a plugin that Pulumi asks for here. */
export const archiveOf = (plugin: string) => archiveName(plugin, machine);

/** Serves the archives of plugins, made for the purpose. */
export async function releaseHost(plugins: readonly string[]): Promise<ReleaseHost> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	for (const plugin of plugins) await makeArchives(folder, plugin, [machine]);
	const asked: string[] = [];
	const server = createServer(({ url = "" }, answer) => {
		asked.push(url);
		const file = join(folder, basename(url));
		// Whole, so that its length is said: Pulumi takes nothing else.
		if (existsSync(file)) answer.end(readFileSync(file));
		else answer.writeHead(404).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const close = () => {
		server.close();
		rmSync(folder, { recursive: true });
	};
	return { url: `http://127.0.0.1:${port}`, folder, asked, close };
}
