import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { yamlHost } from "../../tools/cli/yaml.mts";
import { pulumiCli } from "../../tools/pulumi-cli.mts";

declare module "vitest" {
	interface ProvidedContext {
		/** The folder that holds the Pulumi CLI. */
		pulumi: string;
		/** The folder that holds its language host of YAML. */
		yaml: string;
	}
}

/** Once for all tests on the real CLI: the package as users get it, and the CLI. */
export default async function setup(project: TestProject): Promise<void> {
	execFileSync("npm", ["run", "--silent", "build"], { cwd: `${import.meta.dirname}/../..`, stdio: "inherit" });
	const { folder } = await pulumiCli();
	project.provide("pulumi", folder);
	project.provide("yaml", await yamlHost(folder));
}
