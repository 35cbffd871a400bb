import { delimiter } from "node:path";
import { compiled, type GoProgram, generatorVersion, holds, theirClipboard } from "./compile.mts";

interface Host extends GoProgram {
	readonly version: string;
}

/**
 * Pulumi's language hosts that the CLI's own Go module does not hold. Those of Python and Go are old ones, which speak the
 * same protocol: newer ones are modules of their own that are not published. Run by itself, this file gets these two.
 */
const hosts = {
	yaml: {
		program: "pulumi-language-yaml",
		version: "1.25.0",
		source: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
		// With the pkg of its own go.mod: a newer one has other signatures.
		requires: ["github.com/pulumi/pulumi-yaml v1.25.0", `github.com/pulumi/pulumi/pkg/v3 v${generatorVersion}`],
		replaces: [theirClipboard],
		flags: "-s -w",
	},
	python: {
		program: "pulumi-language-python",
		version: "3.68.0",
		source: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
		requires: ["github.com/pulumi/pulumi/sdk/v3 v3.68.0"],
		scripts: ["python/cmd/pulumi-language-python-exec"],
		flags: "-s -w",
	},
	go: {
		program: "pulumi-language-go",
		version: "3.50.0",
		source: "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
		requires: ["github.com/pulumi/pulumi/sdk/v3 v3.50.0"],
		flags: "-s -w",
	},
} satisfies Record<string, Host>;

/**
 * The folder that holds Pulumi's language host of a language: the CLI's own, one on PATH, else one that is compiled once
 * from its Go module, which takes 1 to 4 minutes.
 *
 * @param cli The folder of the CLI.
 * @throws Explained if there is none and it can't be compiled.
 */
export async function languageHost(language: keyof typeof hosts, cli: string): Promise<string> {
	const host: Host = hosts[language];
	const found = [cli, ...(process.env.PATH ?? "").split(delimiter)].find((folder) => holds(folder, host));
	return found ?? (await compiled(host, host.version, "1 to 4 minutes"));
}

if (import.meta.main) {
	// For test/languages. That of YAML is got for test/engine.
	for (const language of ["python", "go"] as const) await languageHost(language, "");
}
