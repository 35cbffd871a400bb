import { rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Explained, run } from "./program.mts";

const site = "https://get.pulumi.com/install.sh";
const require = createRequire(import.meta.url);

/** The version that the vendor's installer gets: the SDK's own. */
export const vendorVersion: string = require("@pulumi/pulumi/package.json").version;

/** Whether the vendor's site answers; asked first, because the installer itself may wait for minutes where it does not. */
export async function vendorReachable(): Promise<{ reachable: boolean; why: string }> {
	try {
		const answer = await fetch(site, { method: "HEAD", redirect: "follow", signal: AbortSignal.timeout(5000) });
		return { reachable: answer.ok, why: `answers ${answer.status}` };
	} catch (error) {
		const { cause, message } = error as Error & { cause?: Error };
		return { reachable: false, why: cause?.message ?? message };
	}
}

/** Installs the CLI of a version into `folder` with the vendor's installer, as the Automation API offers it. */
export async function install(folder: string, version: string): Promise<void> {
	const root = join(folder, "vendor");
	// In a process of its own, so that the installer and the downloads that it starts can be ended when time is up.
	const program = `require("@pulumi/pulumi/automation").PulumiCommand.install({ root: process.argv[1], version: new (require("semver").SemVer)(process.argv[2]) })
		.catch((error) => { console.error(error.commandResult?.stderr || error.message); process.exit(1); })`;
	const { status, stderr } = await run(process.execPath, ["-e", program, root, version], {
		cwd: import.meta.dirname,
		seconds: 10 * 60,
	});
	if (status !== 0)
		throw new Explained(stderr.trim().split("\n").at(-1) || "the installer did not end within 10 minutes");
	for (const program of ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"])
		await rename(join(root, "bin", program), join(folder, program));
	await rm(root, { recursive: true });
}
