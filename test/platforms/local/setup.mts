import { execFileSync } from "node:child_process";

/** Once for all tests of the local platform: its processes run what is built, not what is written. */
export default function setup(): void {
	execFileSync("npm", ["run", "--silent", "build"], { cwd: `${import.meta.dirname}/../../..`, stdio: "inherit" });
}
