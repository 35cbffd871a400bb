/**
 * `npm run pulumi -- up`: runs the Pulumi CLI on the quickstart by hand, with the right Node.js and CLI on PATH. Who is
 * not logged in to any backend gets one in the clone and a stack `dev` in it.
 */
import { spawn } from "node:child_process";
import { Explained, run } from "./cli/program.mts";
import { chosenBackend, localBackend, root, withPulumi } from "./environment.mts";
import { pulumiCli } from "./pulumi-cli.mts";

try {
	const cli = await pulumiCli();
	const chosen = chosenBackend();
	const env = withPulumi(cli, chosen === undefined ? localBackend(root) : {});
	if (chosen === undefined) {
		console.error("You are not logged in to Pulumi: the state is kept in .pulumi of this folder, stack `dev`.");
		const options = { cwd: root, env, seconds: 60 };
		const selected = await run("pulumi", ["stack", "--show-name"], options);
		if (selected.status !== 0) await run("pulumi", ["stack", "select", "--create", "dev"], options);
	}
	const pulumi = spawn("pulumi", process.argv.slice(2), { cwd: root, env, stdio: "inherit" });
	// The terminal sends Ctrl-C to Pulumi too, which ends in its own time; only a signal to us alone is passed on.
	process.on("SIGINT", () => {});
	process.on("SIGTERM", () => pulumi.kill("SIGTERM"));
	pulumi.on("exit", (status) => process.exit(status ?? 1));
} catch (error) {
	if (!(error instanceof Explained)) throw error;
	console.error(error.message);
	process.exitCode = 1;
}
