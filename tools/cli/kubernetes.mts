import { readFileSync } from "node:fs";
import { compiled, type GoProgram } from "./compile.mts";
import { Explained, run } from "./program.mts";

/** What an API server that has no node needs: itself, and the controllers that fill in the status of what it stores. */
const programs = ["kube-apiserver", "kube-controller-manager"] as const;

/**
 * The folders that hold the control plane's programs of one version of Kubernetes, each compiled once from its Go module.
 *
 * @throws Explained if a program can't be compiled.
 */
export async function controlPlane(version: string): Promise<Readonly<Record<(typeof programs)[number], string>>> {
	const replaces = await publishedModules(version);
	const folders: [string, string][] = [];
	for (const program of programs)
		folders.push([program, await compiled(ofKubernetes(program, version, replaces), version, "4 to 10 minutes")]);
	return Object.fromEntries(folders) as Record<(typeof programs)[number], string>;
}

function ofKubernetes(program: string, version: string, replaces: readonly string[]): GoProgram {
	const [major, minor] = version.split(".");
	const says = Object.entries({ gitVersion: `v${version}`, gitMajor: major, gitMinor: minor });
	return {
		program,
		source: `k8s.io/kubernetes/cmd/${program}`,
		requires: [`k8s.io/kubernetes v${version}`],
		replaces,
		flags: ["-s", "-w", ...says.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(" "),
	};
}

/** Kubernetes 1.30.14 takes its own parts from folders beside it; each is published as version 0.30.14 of its own. */
async function publishedModules(version: string): Promise<string[]> {
	const module = `k8s.io/kubernetes@v${version}`;
	const { status, stdout, stderr } = await run("go", ["mod", "download", "-json", module], { seconds: 300 });
	if (status !== 0) throw new Explained(`There is no Kubernetes ${version}: ${stderr.trim() || stdout.trim()}`);
	const { GoMod } = JSON.parse(stdout) as { GoMod: string };
	const parts = readFileSync(GoMod, "utf8").matchAll(/^\t(k8s\.io\/\S+) => \.\/staging\//gm);
	return [...parts].map(([, part]) => `${part} => ${part} v0.${version.replace(/^1\./, "")}`);
}
