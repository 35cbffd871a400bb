import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { endProcessesOf, processesOf } from "../../tools/processes.mts";
import { Cli } from "./cli.mts";
import { testPort } from "./port.mts";

const root = resolve(import.meta.dirname, "../..");

/** A folder in which programs of the clone keep all that is temporary. */
function temporary(): { folder: string; node: (...args: string[]) => Cli } {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "dbc-")));
	onTestFinished(async () => {
		await endProcessesOf(folder);
		rmSync(folder, { recursive: true, force: true });
	});
	const { HOME, XDG_CACHE_HOME } = process.env;
	const env = {
		HOME,
		...(XDG_CACHE_HOME !== undefined && { XDG_CACHE_HOME }),
		PATH: [join(root, "node_modules", ".bin"), dirname(process.execPath), process.env.PATH].join(":"),
		TMPDIR: folder,
		PULUMI_HOME: join(folder, "home"),
		PULUMI_BACKEND_URL: pathToFileURL(folder).href,
		PULUMI_CONFIG_PASSPHRASE: "test",
	};
	return { folder, node: (...args) => new Cli(args, root, env, process.execPath) };
}

/** `pulumi` typed by hand in the clone, with a stack of its own. */
async function byHand() {
	const { folder, node } = temporary();
	const name = `test-${process.pid}`;
	const pulumi = (...args: string[]) => node("tools/pulumi.mts", ...args, "--non-interactive", "--stack", name).ended;
	expect(await pulumi("stack", "init")).toMatchObject({ status: 0 });
	// The stack's configuration lies in the clone.
	onTestFinished(async () => void (await pulumi("stack", "rm", "--yes")));
	return { folder, pulumi };
}

test("pulumi by hand in the clone runs the quickstart's program: it registers its resources", async () => {
	const { pulumi } = await byHand();
	const { status, output } = await pulumi("preview");
	expect({ status, output }).toMatchObject({
		status: 0,
		output: expect.stringMatching(/DbCluster +quickstart +create/),
	});
	expect(output).toContain("+ 2 to create");
	// The endpoint is known to whoever depends on it before the cluster exists.
	expect(output).toMatch(/endpoint *: "http:\/\/127\.0\.0\.1:\d+"/);

	await pulumi("config", "set", "version", "26.7.2.9");
	const unknown = await pulumi("preview");
	expect(unknown.status).not.toBe(0);
	expect(unknown.output).toContain("property version value {26.7.2.9} has a problem");
});

test("pulumi by hand in the clone makes a cluster, updates it and takes it down", async () => {
	const { folder, pulumi } = await byHand();
	const cluster = { directory: join(folder, "cluster"), port: String(await testPort()), deletionPolicy: "Delete" };
	for (const [key, value] of Object.entries(cluster)) await pulumi("config", "set", key, value);
	expect(await pulumi("up", "--yes")).toMatchObject({ status: 0, output: expect.stringContaining("+ 2 created") });
	try {
		await pulumi("config", "set", "version", "26.7.2.1");
		const preview = await pulumi("preview", "--diff");
		expect(preview).toMatchObject({ status: 0, output: expect.stringContaining("+ 26.5.1.1 -> 26.7.2.1: {") });
		expect(await pulumi("up", "--yes")).toMatchObject({ status: 0, output: expect.stringContaining("~ 1 updated") });
		const answer = await fetch(`http://127.0.0.1:${cluster.port}/?query=SELECT+version()`);
		expect(await answer.text()).toBe("26.7.2.1\n");
	} finally {
		expect(await pulumi("destroy", "--yes")).toMatchObject({ status: 0 });
	}
	expect(await processesOf(folder)).toEqual([]);
	expect(existsSync(cluster.directory)).toBe(false);
});

test("npm start tells its story to the end, beside one that is interrupted, and after one that was killed; nothing is left", async () => {
	const { folder, node } = temporary();
	const killed = node("tools/quickstart.mts");
	await killed.printed("2. Fill a table");
	killed.kill();
	await killed.ended;
	expect(await processesOf(folder)).not.toEqual([]);

	const figures = join(folder, "figures.json");
	const whole = node("tools/quickstart.mts", "--figures", figures);
	await whole.printed("1. Create a cluster");
	const interrupted = node("tools/quickstart.mts");
	await interrupted.printed("4. Do it");
	interrupted.kill("SIGINT");
	expect(await interrupted.ended).toMatchObject({ status: 130, output: expect.stringContaining("Nothing is left") });

	const { status, output } = await whole.ended;
	expect({ status, output }).toMatchObject({ status: 0 });
	expect(output).toContain("Cleared up after an earlier run that was killed");
	expect(output).toContain("26.5.1.1 is older than 26.7.2.1, which the cluster runs");
	const { counts, intact, out } = JSON.parse(readFileSync(figures, "utf8"));
	expect({ failed: counts.failed, intact, problems: counts.problems }).toEqual({
		failed: 0,
		intact: true,
		problems: [],
	});
	expect(counts.answered).toBeGreaterThan(0);
	expect(counts.acknowledged).toBeGreaterThan(0);
	expect(out).toHaveLength(2);

	expect(await processesOf(folder)).toEqual([]);
	expect(readdirSync(folder).filter((name) => name.startsWith("dbcluster"))).toEqual([]);
});
