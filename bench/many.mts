/** Many clusters in one stack, beside as many resources that do nothing: what a command of Pulumi costs with them. */
import { execFile } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { dataFolder, openedFile } from "../dist/platforms/local/protocol.js";
import { languageHost } from "../tools/cli/hosts.mts";
import { localBackend, root, withPulumi } from "../tools/environment.mts";
import { pulumiCli } from "../tools/pulumi-cli.mts";

const run = promisify(execFile);

/** Resources that do nothing, with the same inputs; ours as dynamic resources; ours by the plugin. */
export const kinds = ["nothing", "ours", "native"] as const;
export type Kind = (typeof kinds)[number];

const programs: Record<Kind, string> = {
	ours: `
		const { DbCluster } = require("pulumi-dbcluster");
		const make = (name, args) => new DbCluster(name, args);`,
	native: `
		const { DbCluster } = require("pulumi-dbcluster/native");
		const make = (name, args) => new DbCluster(name, args);`,
	nothing: `
		const { dynamic } = require("@pulumi/pulumi");
		const provider = {
			check: async (olds, inputs) => ({ inputs }),
			diff: async (id, olds, news) => ({ changes: olds.version !== news.version }),
			create: async (inputs) => ({ id: "nothing", outs: inputs }),
			update: async (id, olds, inputs) => ({ outs: inputs }),
		};
		const make = (name, args) => new dynamic.Resource(provider, name, args);`,
};

/** Before an update and after it. */
export const versions = { old: "26.5.1.1", new: "26.7.2.1" } as const;
export const engines = {
	[versions.old]: join(root, "node_modules", `engine-26.5-${process.platform}-${process.arch}`),
	[versions.new]: join(
		root,
		"node_modules",
		`@chdb/lib-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`,
	),
};

/** What a command cost. */
export interface Cost {
	/** The whole command's. */
	readonly seconds: number;
	/** Of the provider's process: its highest resident set in MiB, and the seconds that it computed. */
	readonly memory: number;
	readonly providerSeconds: number;
	/** That all processes computed. */
	readonly cpuSeconds: number;
	/** The engine's to the provider, and requests that the provider made; 0 unless they were counted. */
	readonly calls: { readonly engine: number; readonly requests: number };
}

const scratch = mkdtempSync(join(tmpdir(), "dbcluster-bench-"));
const cli = await pulumiCli();
const environment = withPulumi(cli, { ...localBackend(scratch), PULUMI_HOME: join(scratch, "home") });
environment.PATH = [await languageHost("yaml", cli.folder), environment.PATH].join(delimiter);
const plugins = `plugins: {providers: [{name: dbcluster, path: ${JSON.stringify(bin())}}]}`;

/** Removes all that was made here. */
export function clear(): void {
	rmSync(scratch, { recursive: true, force: true });
}

/** A folder with the plugin, as npm makes it. */
function bin(): string {
	const folder = join(scratch, "bin");
	const main = join(root, "dist/pulumi/native/main.js");
	mkdirSync(folder);
	chmodSync(main, 0o755);
	symlinkSync(main, join(folder, "pulumi-resource-dbcluster"));
	return folder;
}

/**
 * Makes a program folder with `count` resources of a kind that exist, stopped; returns the folder. One is made by
 * `pulumi up`, the others are copies of it, in the stack's state and on disk: starting 2,000 engines would measure those.
 */
export async function project(kind: Kind, count: number): Promise<string> {
	const name = `${kind}-${count}`;
	const data = join(scratch, name, "data");
	const folder = await program(
		name,
		`${programs[kind]}
		const { COUNT, CHANGED } = process.env;
		const given = ${JSON.stringify({ data, versions, engines, addon: join(engines[versions.new], "chdb_node.node") })};
		for (let i = 0; i < Number(COUNT); i++) {
			const version = i < Number(CHANGED) ? given.versions.new : given.versions.old;
			// Only what is to be updated knows the newer one: of others a line would say that there is one.
			const engines = version === given.versions.new ? given.engines : { [version]: given.engines[version] };
			const local = { directory: given.data + "/c" + i, port: 20000 + i, engines, addon: given.addon };
			make("c" + i, { version, replicas: 2, desiredState: "Stopped", local });
		}`,
	);
	await pulumi(folder, "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "bench");
	const stack = await state(folder);
	const { resources } = stack.deployment;
	const first = JSON.stringify(resources.pop());
	for (let i = 0; i < count; i++) {
		resources.push(
			JSON.parse(
				first
					.replaceAll(/(::|\/)c0(?=["/])/g, `$1c${i}`)
					.replaceAll("20000", String(20_000 + i))
					.replaceAll('"name":"c0', `"name":"c${i}`),
			),
		);
		if (kind !== "nothing" && i > 0) {
			const record = readFileSync(join(data, "c0", "cluster.json"), "utf8");
			for (const replica of ["0-0", "0-1"]) {
				mkdirSync(join(data, `c${i}`, replica, dataFolder), { recursive: true });
				copyFileSync(join(data, "c0", replica, openedFile), join(data, `c${i}`, replica, openedFile));
			}
			writeFileSync(
				join(data, `c${i}`, "cluster.json"),
				record
					.replaceAll(/\/c0(?=["/])/g, `/c${i}`)
					.replaceAll("20000", String(20_000 + i))
					.replace('"name": "c0"', `"name": "c${i}"`),
			);
		}
	}
	writeFileSync(join(folder, "state.json"), JSON.stringify(stack));
	await pulumi(folder, "stack", "import", "--stack", "bench", "--file", "state.json");
	return folder;
}

/** A folder with a program, which finds this package and the plugin, and with a stack. */
export async function program(name: string, script: string): Promise<string> {
	const folder = join(scratch, name);
	mkdirSync(folder);
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	writeFileSync(join(folder, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n${plugins}\n`);
	writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
	writeFileSync(join(folder, "index.js"), script);
	await pulumi(folder, "stack", "init", "bench", "--non-interactive");
	return folder;
}

/** A stack as Pulumi exports it. */
interface Stack {
	readonly deployment: { readonly resources: Record<string, unknown>[] };
}

export async function state(folder: string): Promise<Stack> {
	return JSON.parse(await pulumi(folder, "stack", "export", "--stack", "bench")) as Stack;
}

/** A program in YAML with one cluster, which exists; returns its folder. */
export async function inYaml(): Promise<string> {
	const folder = join(scratch, "yaml");
	mkdirSync(folder);
	const local = { directory: join(folder, "data"), port: 22_000, engines };
	const properties = { version: versions.new, replicas: 2, desiredState: "Stopped", local };
	const resources = { one: { type: "dbcluster:DbCluster", properties } };
	writeFileSync(
		join(folder, "Pulumi.yaml"),
		`name: yaml\nruntime: yaml\n${plugins}\nresources: ${JSON.stringify(resources)}\n`,
	);
	await pulumi(folder, "stack", "init", "bench", "--non-interactive");
	await pulumi(folder, "up", "--yes", "--skip-preview", "--non-interactive", "--stack", "bench");
	return folder;
}

/** Runs a command of Pulumi in a folder, with one resource; returns what it prints. */
async function pulumi(folder: string, ...args: string[]): Promise<string> {
	const options = { cwd: folder, env: { ...environment, COUNT: "1", CHANGED: "0" }, maxBuffer: 1e9 };
	return (await run(join(cli.folder, "pulumi"), args, options)).stdout;
}

export interface Given {
	/** How many resources the program has. */
	readonly count: number;
	/** How many of them are to be updated. Default 0. */
	readonly changed?: number;
	/** Whether calls are counted, which takes time. */
	readonly counted?: boolean;
}

/** Runs a command of Pulumi on a stack that {@link project} made. */
export async function command(folder: string, args: readonly string[], given: Given): Promise<Cost> {
	const { count, changed = 0, counted = false } = given;
	const noted = join(folder, "calls");
	rmSync(noted, { force: true });
	const counting = {
		NODE_OPTIONS: `--require=${join(import.meta.dirname, "calls.cjs")}`,
		DBCLUSTER_BENCH_CALLS: noted,
	};
	const env = { ...environment, ...(counted && counting), COUNT: String(count), CHANGED: String(changed) };
	const began = performance.now();
	const running = run(join(cli.folder, "pulumi"), [...args, "--non-interactive", "--stack", "bench"], {
		cwd: folder,
		env,
		maxBuffer: 1e9,
	});
	const pid = running.child.pid;
	const seen = new Map<number, Process>();
	const sampler = setInterval(() => {
		for (const [id, now] of pid === undefined ? [] : processesBelow(pid)) {
			const before = seen.get(id);
			// One that has ended, and is waited for, has neither memory nor a command line.
			const [peak, line] = [Math.max(now.peak, before?.peak ?? 0), now.line || (before?.line ?? "")];
			seen.set(id, { ...now, peak, line });
		}
	}, 200);
	try {
		await running;
	} finally {
		clearInterval(sampler);
	}
	const seconds = (performance.now() - began) / 1000;
	const providers = [...seen.values()].filter(({ line }) =>
		/node\0.*(dynamic-provider|pulumi-resource-dbcluster)/.test(line),
	);
	const sum = (all: readonly Process[]) => all.reduce((total, it) => total + it.seconds, 0);
	const lines = counted && existsSync(noted) ? readFileSync(noted, "utf8").trimEnd().split("\n") : [];
	return {
		seconds,
		memory: Math.max(0, ...providers.map(({ peak }) => peak)),
		providerSeconds: sum(providers),
		cpuSeconds: sum([...seen.values()]),
		calls: {
			engine: lines.filter((line) => line.startsWith("engine ")).length,
			requests: lines.filter((line) => line.startsWith("request ")).length,
		},
	};
}

interface Process {
	readonly parent: number;
	/** The kernel's own high-water mark, in MiB. */
	readonly peak: number;
	readonly seconds: number;
	readonly line: string;
}

/** A process and all that it started. */
function processesBelow(ancestor: number): [number, Process][] {
	const processes = new Map(
		readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name))
			.flatMap((pid) => {
				try {
					const status = readFileSync(`/proc/${pid}/status`, "utf8");
					const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
					const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
					const [, fields = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
					const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
					const seconds = (user + system) / 100; // Linux counts hundredths of seconds for programs.
					return [
						[Number(pid), { parent, peak, seconds, line: readFileSync(`/proc/${pid}/cmdline`, "utf8") }] as const,
					];
				} catch {
					return []; // It ended meanwhile.
				}
			}),
	);
	const below = (pid: number | undefined): boolean =>
		pid !== undefined && pid > 1 && (pid === ancestor || below(processes.get(pid)?.parent));
	return [...processes].filter(([pid]) => below(pid));
}
