import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { testPort } from "./port.mts";
import { type Args, root } from "./project.mts";
import { Stack } from "./stack.mts";

/** Of a project whose program folder has the plugin installed. */
export const plugins = { providers: [{ name: "dbcluster", path: "node_modules/.bin" }] };

/** Puts the plugin where npm puts it, beside a program. */
export function installPlugin(program: string): void {
	const folder = join(program, "node_modules", ".bin");
	const main = join(root, "dist/pulumi/native/main.js");
	mkdirSync(folder);
	chmodSync(main, 0o755);
	symlinkSync(main, join(folder, "pulumi-resource-dbcluster"));
}

/** A program in YAML with one DbCluster; what stands in its arguments as `{ "secret": value }` is made a secret. */
export function programOf(args: Args): Args {
	const properties = JSON.parse(JSON.stringify(args), (_, value) =>
		value !== null && typeof value === "object" && Object.keys(value).join() === "secret"
			? { "fn::secret": value.secret }
			: value,
	);
	const outputs = { endpoint: `\${db.endpoint}`, version: `\${db.version}`, state: `\${db.state}` };
	return { resources: { db: { type: "dbcluster:DbCluster", properties } }, outputs };
}

/** A stack whose project says where the plugin is, as docs/languages.md has it. */
export class NativeStack extends Stack {
	constructor(port: number) {
		super(port);
		installPlugin(this.program);
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
		this.declare(programOf(this.args));
	}

	protected declare(document: Args): void {
		this.document({ name: "test", runtime: "yaml", plugins, ...document });
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
