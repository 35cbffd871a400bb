import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { kubeconfig, token } from "./kubeconfig.mts";
import { expectRefused } from "./output.mts";
import { linkPlugins, standIns, yamlProgram } from "./plugins.mts";
import { type Args, Project } from "./project.mts";

// The component by its plugin, on the real CLI, as far as no cluster is needed: a first preview judges nothing that is
// still to be made. On a real cluster: test/kubernetes/yaml-component.test.mts.

/** A program in YAML with one KubernetesDbCluster. */
class YamlProject extends Project {
	/** Whether there is a second one. */
	hasOther = false;

	constructor() {
		super();
		this.env.KUBECONFIG = join(this.folder, "kubeconfig");
		writeFileSync(this.env.KUBECONFIG, kubeconfig);
		linkPlugins(this.program);
		standIns(join(this.folder, "pulumi"));
		this.args = { version: "1.8.0", storage: "1Gi", kubeconfig: { secret: kubeconfig } };
	}

	override write(): void {
		const type = "dbcluster-kubernetes:KubernetesDbCluster";
		const program = yamlProgram(type, this.args, ["endpoint"]);
		const other = { type, properties: { version: "1.8.0" } };
		const resources = { ...(program.resources as Args), ...(this.hasOther && { other }) };
		writeFileSync(join(this.program, "Pulumi.yaml"), JSON.stringify({ ...program, resources }));
	}
}

async function yaml(): Promise<YamlProject> {
	const project = await new YamlProject().init();
	onTestFinished(() => project.remove());
	return project;
}

test("a component in YAML previews to all that it makes, on the resource of the other plugin", async () => {
	const project = await yaml();
	const { status, output } = await project.preview();
	expect(status, output).toBe(0);
	expect(output).toContain("dbcluster-kubernetes:index:KubernetesDbCluster");
	for (const type of ["dbcluster:index:DbCluster", "kubernetes:apps/v1:StatefulSet", "random:index/randomPassword"])
		expect(output).toContain(type);
	expect(output).toMatch(/\+ 14 to create/);
	expect(output).not.toContain(token);
});

test("what is wrong with its arguments is one error, under the names that a program has", async () => {
	const project = await yaml();
	const ran = await project.set({ replicas: 0, keeper: { replicas: 2 } }).run("preview");
	expectRefused(ran, "KubernetesDbCluster 'db' can't be declared:", "  keeper.replicas: ", "  replicas: ");
	expect(ran.output).not.toContain(token);
});

test("arguments may come from outputs of others, also inside of those that decide which objects there are", async () => {
	const project = await yaml();
	project.hasOther = true;
	const name = `\${other.secretName}`;
	project.set({ passwordSecret: { name }, ingress: { host: `${name}.example.com` } });
	const { status, output } = await project.preview();
	expect(status, output).toBe(0);
	expect(output).toContain('"other-password.example.com"');
});

test("without the packages of the component its plugin names them", async () => {
	const project = await yaml();
	const hook = join(project.folder, "without.cjs");
	writeFileSync(
		hook,
		`const Module = require("node:module");
		const { _resolveFilename: resolve } = Module;
		Module._resolveFilename = (name, ...rest) => resolve(name === "@pulumi/random" ? "nowhere" : name, ...rest);`,
	);
	project.environment.NODE_OPTIONS = `--require ${hook}`;
	expectRefused(
		await project.run("preview"),
		"KubernetesDbCluster needs more packages: npm install @pulumi/kubernetes @pulumi/random @kubernetes/client-node",
	);
});
