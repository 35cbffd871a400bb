/**
 * `node tools/archives.mts [FOLDER]`: makes the archives of the plugins that a release holds, under the names by which
 * Pulumi fetches them from a server. Each has the built plugin and what it loads of node_modules: it needs Node.js on PATH,
 * and nothing else.
 */
import {
	cpSync,
	linkSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeFileTrace } from "@vercel/nft";
import { create } from "tar";
import { root } from "./environment.mts";
import { say } from "./terminal.mts";

const { bin, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	bin: Record<string, string>;
	version: string;
};
/** As Pulumi calls them. */
const machines = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"];

/** The plugins' programs. */
export const plugins = Object.keys(bin).filter((name) => name.startsWith("pulumi-resource-"));

/** The file that Pulumi asks a server for on one kind of machine. */
export const archiveName = (plugin: string, machine: string) => `${plugin}-v${version}-${machine}.tar.gz`;

/**
 * Makes the archives of a plugin, by default for every kind of machine: they are the same file under several names. The
 * package must be built.
 *
 * @param folder Where they are put, in place of those of the same names.
 */
export async function makeArchives(folder: string, plugin: string, kinds: readonly string[] = machines): Promise<void> {
	mkdirSync(folder, { recursive: true });
	const stage = mkdtempSync(join(tmpdir(), "dbc-"));
	try {
		const main = bin[plugin] ?? "";
		const { fileList } = await nodeFileTrace([main], { base: root, processCwd: root });
		// A link to a folder is among them, too, with what is behind it.
		const files = [...fileList].filter((file) => statSync(join(root, file)).isFile());
		for (const file of [...files, ...licencesOf(files)])
			cpSync(join(root, file), join(stage, file), { dereference: true });
		// A link would do, but Pulumi unpacks none.
		writeFileSync(join(stage, plugin), `#!/usr/bin/env node\nrequire("${main}");\n`, { mode: 0o755 });
		const [first = "", ...others] = kinds.map((machine) => join(folder, archiveName(plugin, machine)));
		for (const file of [first, ...others]) rmSync(file, { force: true });
		// The same files give the same archive, whoever makes it and when.
		const always = { portable: true, mtime: new Date(0) };
		await create({ ...always, gzip: true, cwd: stage, file: first }, filesOf(stage));
		for (const file of others) linkSync(first, file);
	} finally {
		rmSync(stage, { recursive: true });
	}
}

/** What is passed on carries the terms under which it may be. */
function licencesOf(files: readonly string[]): string[] {
	const packages = new Set(files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? "."));
	return [...packages].flatMap((folder) =>
		readdirSync(join(root, folder))
			.filter((name) => /^(?:licen[cs]e|notice|copying)\b/i.test(name))
			.map((name) => join(folder, name)),
	);
}

function filesOf(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
		.sort();
}

if (import.meta.main) {
	const folder = resolve(process.argv[2] ?? join(root, "plugins"));
	for (const plugin of plugins) await makeArchives(folder, plugin);
	say(`Made the archives of ${plugins.join(" and ")} ${version} in ${folder}.`);
}
