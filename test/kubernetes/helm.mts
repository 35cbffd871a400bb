import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiled } from "../../tools/cli/compile.mts";
import { environment, type Space } from "./harness.ts";

const version = "3.22.0";
const chart = fileURLToPath(new URL("../../examples/adopt/chart", import.meta.url));

/** The file of Helm: the one on PATH, else one compiled once from its published Go module. */
export async function program(): Promise<string> {
	const onPath = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "helm"));
	const found = onPath.find((file) => existsSync(file));
	if (found !== undefined) return found;
	const helm = {
		program: "helm",
		source: "helm.sh/helm/v3/cmd/helm",
		requires: [`helm.sh/helm/v3 v${version}`],
		flags: "-s -w",
	};
	return join(await compiled(helm, version, "1 to 4 minutes"), "helm");
}

/** Runs Helm as an administrator on the release `shop` of examples/adopt/chart, in the space's namespace. */
export async function helm(space: Space, command: "install" | "upgrade", ...args: readonly string[]): Promise<string> {
	const file = await program();
	const env = { ...process.env, KUBECONFIG: environment.kubeconfig };
	return new Promise((resolve, reject) => {
		execFile(
			file,
			[command, "shop", chart, "--namespace", space.namespace, ...args],
			{ env },
			(error, stdout, stderr) =>
				error ? reject(new Error(`helm ${command}: ${stderr || error.message}`)) : resolve(stdout),
		);
	});
}

/** Installs the chart with the image, the Keeper and the NodePorts of the tests; its pods are not waited for. */
export function install(space: Space): Promise<string> {
	const [host = "", port = ""] = environment.keeper.split(":");
	const values = {
		"image.repository": environment.image,
		"keeper.host": host,
		"keeper.port": port,
		"service.type": "NodePort",
		configRoot: environment.configRoot,
	};
	const set = Object.entries(values).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
	return helm(space, "install", ...set);
}
