import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { linkPlugins, plugins, yamlProgram } from "./plugins.mts";
import { testPort } from "./port.mts";
import type { Args } from "./project.mts";
import { Stack } from "./stack.mts";

/** A stack whose project says where the plugin is, as docs/languages.md has it. */
export class NativeStack extends Stack {
	constructor(port: number) {
		super(port);
		linkPlugins(this.program);
	}

	protected project(runtime: Args): void {
		this.document({ name: "test", runtime, plugins });
	}

	protected document(document: Args): void {
		writeFileSync(join(this.program, "Pulumi.yaml"), JSON.stringify(document));
	}
}

/** A program in YAML with one DbCluster. */
export class YamlStack extends NativeStack {
	override write(): void {
		this.document(yamlProgram("dbcluster:DbCluster", this.args, ["endpoint", "version", "state"]));
	}
}

export type Face = "dynamic" | "native";

/** A program in JavaScript with one DbCluster, in the face that a test chooses. */
export class FacedStack extends NativeStack {
	face: Face = "dynamic";

	override write(): void {
		super.write();
		this.project({ name: "nodejs", options: { typescript: false } });
		const [from, options] =
			this.face === "native"
				? ["pulumi-dbcluster/native", "{}"]
				: ["pulumi-dbcluster", '{ aliases: [{ type: "dbcluster:index:DbCluster" }] }'];
		writeFileSync(
			join(this.program, "index.js"),
			`const { DbCluster } = require("${from}");
			new DbCluster("db", require("./args.json"), ${options});`,
		);
	}

	in(face: Face): this {
		this.face = face;
		return this;
	}
}

/** A new stack that is removed when the test is over, however it ends. */
export async function opened<Made extends NativeStack>(Kind: new (port: number) => Made): Promise<Made> {
	const made = await new Kind(await testPort()).init();
	onTestFinished(() => made.remove());
	return made;
}
