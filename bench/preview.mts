/**
 * What an unchanged DbCluster costs in `pulumi preview`: 100 and 1,000 of them, as dynamic resources and by the plugin,
 * against as many dynamic resources that do nothing, with the same inputs, turn by turn in one sitting; and one by a
 * program in YAML. Time is the whole command's, memory the provider process's
 * highest resident set. The clusters exist (stopped, each with its own folder and record).
 *
 * Usage: node bench/preview.mts [runs]        prints a table and writes bench/results/preview.json
 */
import { execFile } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
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
import { machine, median, saveResults } from "./results.mts";

const run = promisify(execFile);
const runs = Number(process.argv[2] ?? 5);
const kinds = ["nothing", "ours", "native"] as const;
type Kind = (typeof kinds)[number];

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
			diff: async () => ({ changes: false }),
			create: async (inputs) => ({ id: "nothing", outs: inputs }),
		};
		const make = (name, args) => new dynamic.Resource(provider, name, args);`,
};

const version = "26.7.2.1";
const engine = `@chdb/lib-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`;
const scratch = mkdtempSync(join(tmpdir(), "dbcluster-bench-"));
const cli = await pulumiCli();
const environment = withPulumi(cli, { ...localBackend(scratch), PULUMI_HOME: join(scratch, "home") });
const yaml = await languageHost("yaml", cli.folder);
environment.PATH = [yaml, environment.PATH].join(delimiter);
const plugins = `plugins: {providers: [{name: dbcluster, path: ${JSON.stringify(bin())}}]}`;

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
 * Makes a program folder with `count` resources of a kind that exist and are unchanged; returns the folder. One is made by
 * `pulumi up`, the others are copies of it, in the stack's state and on disk: starting 2,000 engines would measure those.
 */
async function project(kind: Kind, count: number): Promise<string> {
	const name = `${kind}-${count}`;
	const folder = join(scratch, name);
	const data = join(folder, "data");
	mkdirSync(folder);
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	writeFileSync(join(folder, "Pulumi.yaml"), `name: ${name}\nruntime: nodejs\n${plugins}\n`);
	writeFileSync(join(folder, "package.json"), JSON.stringify({ name, main: "index.js" }));
	writeFileSync(
		join(folder, "index.js"),
		`${programs[kind]}
		for (let i = 0; i < Number(process.env.COUNT); i++) make("c" + i, {
			version: ${JSON.stringify(version)}, replicas: 2, desiredState: "Stopped",
			local: { directory: ${JSON.stringify(data)} + "/c" + i, port: 20000 + i, engines: { ${JSON.stringify(version)}: ${JSON.stringify(engine)} } },
		});`,
	);
	const pulumi = (...args: string[]) =>
		run(join(cli.folder, "pulumi"), [...args, "--stack", "bench"], {
			cwd: folder,
			env: { ...environment, COUNT: "1" },
			maxBuffer: 1e9,
		});
	await run(join(cli.folder, "pulumi"), ["stack", "init", "bench", "--non-interactive"], {
		cwd: folder,
		env: environment,
	});
	await pulumi("up", "--yes", "--skip-preview", "--non-interactive");
	const { stdout } = await pulumi("stack", "export");
	const stack = JSON.parse(stdout) as { deployment: { resources: unknown[] } };
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
	await pulumi("stack", "import", "--file", "state.json");
	return folder;
}

/** A program in YAML with one cluster, which exists; returns its folder. */
async function inYaml(): Promise<string> {
	const folder = join(scratch, "yaml");
	mkdirSync(folder);
	const engines = { [version]: join(root, "node_modules", engine) };
	const local = { directory: join(folder, "data"), port: 22_000, engines };
	const properties = { version, replicas: 2, desiredState: "Stopped", local };
	const resources = { one: { type: "dbcluster:DbCluster", properties } };
	writeFileSync(
		join(folder, "Pulumi.yaml"),
		`name: yaml\nruntime: yaml\n${plugins}\nresources: ${JSON.stringify(resources)}\n`,
	);
	const pulumi = (...args: string[]) =>
		run(join(cli.folder, "pulumi"), [...args, "--non-interactive"], { cwd: folder, env: environment });
	await pulumi("stack", "init", "bench");
	await pulumi("up", "--yes", "--skip-preview", "--stack", "bench");
	return folder;
}

/** One `pulumi preview` of a folder: seconds of the command, and the provider process's peak memory in MiB. */
async function preview(folder: string, count: number): Promise<{ seconds: number; memory: number }> {
	const began = performance.now();
	const running = run(
		join(cli.folder, "pulumi"),
		["preview", "--non-interactive", "--stack", "bench", "--expect-no-changes"],
		{
			cwd: folder,
			env: { ...environment, COUNT: String(count) },
			maxBuffer: 1e9,
		},
	);
	const pid = running.child.pid;
	let memory = 0;
	const sampler = setInterval(() => {
		memory = Math.max(memory, pid === undefined ? 0 : providerPeak(pid));
	}, 50);
	try {
		await running;
	} finally {
		clearInterval(sampler);
	}
	return { seconds: (performance.now() - began) / 1000, memory };
}

/** The kernel's own high-water mark of the provider below `ancestor`, in MiB; 0 while there is none. */
function providerPeak(ancestor: number): number {
	const processes = new Map(
		readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name))
			.flatMap((pid) => {
				try {
					const status = readFileSync(`/proc/${pid}/status`, "utf8");
					const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
					const peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
					return [[Number(pid), { parent, peak, line: readFileSync(`/proc/${pid}/cmdline`, "utf8") }] as const];
				} catch {
					return []; // It ended meanwhile.
				}
			}),
	);
	const below = (pid: number | undefined): boolean =>
		pid !== undefined && pid > 1 && (pid === ancestor || below(processes.get(pid)?.parent));
	const peaks = [...processes].filter(
		([pid, { line }]) => /node\0.*(dynamic-provider|pulumi-resource-dbcluster)/.test(line) && below(pid),
	);
	return Math.max(0, ...peaks.map(([, { peak }]) => peak));
}

try {
	const rows = [];
	for (const count of [100, 1000]) {
		const folders: Record<Kind, string> = { nothing: "", ours: "", native: "" };
		for (const kind of kinds) folders[kind] = await project(kind, count);
		const seconds: Record<Kind, number[]> = { nothing: [], ours: [], native: [] };
		const memory: Record<Kind, number[]> = { nothing: [], ours: [], native: [] };
		for (let i = 0; i <= runs; i++) {
			for (const kind of kinds) {
				const result = await preview(folders[kind], count);
				if (i === 0) continue; // The first of each warms the caches.
				seconds[kind].push(result.seconds);
				memory[kind].push(result.memory);
			}
		}
		const ratio = (of: number[], to: number[]) => median(of.map((each, i) => each / (to[i] ?? Number.NaN)));
		rows.push({
			resources: count,
			"do-nothing, s": median(seconds.nothing),
			"dynamic, s": median(seconds.ours),
			"of do-nothing": ratio(seconds.ours, seconds.nothing),
			"native, s": median(seconds.native),
			"of dynamic": ratio(seconds.native, seconds.ours),
			"do-nothing, MiB": median(memory.nothing),
			"dynamic, MiB": median(memory.ours),
			"native, MiB": median(memory.native),
			"native of dynamic": ratio(memory.native, memory.ours),
		});
	}
	const one = await inYaml();
	const alone = [];
	for (let i = 0; i <= runs; i++) {
		const { seconds } = await preview(one, 1);
		if (i > 0) alone.push(seconds);
	}
	const single = [{ program: "YAML", "one unchanged cluster, s": median(alone) }];
	console.table(rows);
	console.table(single);
	saveResults("preview", { machine: machine(), runs, rows, single });
} finally {
	rmSync(scratch, { recursive: true, force: true });
}
