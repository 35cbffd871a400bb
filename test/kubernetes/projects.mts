import { copyFileSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { caveats } from "../engine/output.mts";
import { linkPlugins, plugins, standIns, yamlProgram } from "../engine/plugins.mts";
import { type Args, Project, root } from "../engine/project.mts";
import { environment, type Space } from "./harness.ts";

/** A project whose provider's requests to the API server are noted down. */
class Counted extends Project {
	readonly #file: string;

	constructor() {
		super({ NODE_OPTIONS: `--require ${join(import.meta.dirname, "api-calls.cjs")}` });
		this.#file = join(this.folder, "api-calls");
		this.env.DBCLUSTER_TEST_CALLS = this.#file;
	}

	/** What was asked of the API server since the last call of this, as `list pods` or `get configmaps`. */
	calls(): string[] {
		const lines = existsSync(this.#file) ? readFileSync(this.#file, "utf8").trimEnd().split("\n") : [];
		rmSync(this.#file, { force: true });
		return lines.map(callOf).sort();
	}
}

function callOf(line: string): string {
	const [method = "", path = ""] = line.split(" ");
	const [, kind = "", name, ...rest] =
		/\/namespaces\/[^/]+\/(.*)/
			.exec(path.split("?")[0] ?? "")?.[0]
			.split("/")
			.slice(2) ?? [];
	if (rest.includes("proxy")) return "SQL";
	const verb = method === "GET" ? (name === undefined ? "list" : "get") : method.toLowerCase();
	return `${verb} ${kind}`;
}

/** How the tests' own program updates. */
export const updates = { policy: "any", drainSeconds: 10 };

/** The same, for updates that are to fail at a replica: a rehearsal would refuse them before. */
export const unrehearsed = { ...updates, rehearsal: { policy: "off" } };

/** Of the tests' images those that a program may name, and one that there is none of. */
export const catalogue = {
	list: ["0.9.1.4", "1.7.1", "1.7.5", "1.7.9", "1.8.0", "1.8.1", "1.8.2"].map((version) => ({
		version,
		engine: "23.3",
	})),
};

/** The tests' own program, with a cluster in a namespace. */
export class KubernetesProject extends Counted {
	constructor(
		readonly space: Space,
		more: Readonly<Record<string, unknown>> = {},
	) {
		super();
		this.env.KUBECONFIG = environment.kubeconfig;
		const { kubeconfig, ...given } = space.given(more);
		this.args = {
			versions: catalogue,
			update: updates,
			kubernetes: { ...(given as Args), kubeconfig: { secret: kubeconfig as string } },
		};
	}
}

/** The same program in YAML, on this package's plugin. */
export class YamlProject extends KubernetesProject {
	constructor(space: Space, more: Readonly<Record<string, unknown>> = {}) {
		super(space, more);
		linkPlugins(this.program);
	}

	/** What its Pulumi.yaml holds. */
	protected document(): Args {
		return yamlProgram("dbcluster:DbCluster", this.args, ["endpoint", "version", "state"]);
	}

	override write(): void {
		writeFileSync(join(this.program, "Pulumi.yaml"), JSON.stringify(this.document()));
	}
}

/** The caveats of a preview, whose image, named by its digest, must be that of a version. */
export function caveatsOf(output: string, version: string): string[] {
	const lines = caveats(output);
	const image = `"${environment.image}:${version}@sha256:`;
	expect(lines.filter((line) => line.startsWith("+ image"))).toEqual([expect.stringContaining(image)]);
	return lines.filter((line) => !line.startsWith("+ image"));
}

/** The programs of examples/kubernetes, one after the other on the same stack. */
export class ExampleProject extends Counted {
	constructor() {
		super();
		symlinkSync(join(root, "examples"), join(this.program, "examples"));
		this.step(1);
	}

	/** From now on it is this step's program that runs, in the project that its Pulumi.yaml names. */
	step(number: 1 | 2): this {
		const main = `examples/kubernetes/step${number}/`;
		copyFileSync(join(root, main, "Pulumi.yaml"), join(this.program, "Pulumi.yaml"));
		writeFileSync(join(this.program, "Pulumi.yaml"), `main: ${main}\n`, { flag: "a" });
		return this;
	}

	async configure(
		plain: Readonly<Record<string, string>>,
		secret: Readonly<Record<string, string>> = {},
	): Promise<void> {
		const flags = (kind: string, values: Readonly<Record<string, string>>) =>
			Object.entries(values).flatMap(([key, value]) => [kind, `${key}=${value}`]);
		const { status, output } = await this.run(
			"config",
			"set-all",
			...flags("--plaintext", plain),
			...flags("--secret", secret),
		);
		if (status !== 0) throw new Error(output);
	}
}

/** A program with a KubernetesDbCluster, on plugins that stand in for those of @pulumi/kubernetes and @pulumi/random. */
export class ComponentProject extends Project {
	constructor(readonly space: Space) {
		super({ KUBECONFIG: environment.kubeconfig });
		this.args = space.component() as Args;
		copyFileSync(join(import.meta.dirname, "component.js"), join(this.program, "index.js"));
		standIns(join(this.folder, "pulumi"));
	}
}

/** One whose program a test can have in YAML, on this package's own plugins. */
export class LanguagesProject extends ComponentProject {
	#language: "javascript" | "yaml" = "yaml";

	constructor(space: Space) {
		super(space);
		linkPlugins(this.program);
	}

	in(language: "javascript" | "yaml"): this {
		this.#language = language;
		return this;
	}

	override write(): void {
		super.write();
		const { kubeconfig, ...args } = this.args;
		const runtime = { name: "nodejs", options: { typescript: false } };
		const document =
			this.#language === "javascript"
				? { name: "test", runtime, plugins }
				: yamlProgram("dbcluster-kubernetes:KubernetesDbCluster", { ...args, kubeconfig: { secret: kubeconfig } }, [
						"secretName",
						"version",
						"state",
						"endpoint",
					]);
		writeFileSync(join(this.program, "Pulumi.yaml"), JSON.stringify(document));
	}
}
