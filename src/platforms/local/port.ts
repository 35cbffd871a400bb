import { execFileSync } from "node:child_process";
import { createServer } from "node:net";

/** Whether a port of 127.0.0.1 can be listened on just now. */
export function isFree(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.once("error", () => resolve(false));
		probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
	});
}

/** `port 8123 is used by another process (4711). Set local.port to a free one, or end that process.` */
export function portTaken(port: number): string {
	return `port ${port} of 127.0.0.1 is used by another process${listener(port)}. Set local.port to a free one, or end that process.`;
}

/** ` (4711)`, the process that listens there, where lsof is installed and this user may know it. */
function listener(port: number): string {
	try {
		const asked = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"];
		return ` (${execFileSync("lsof", asked, { encoding: "utf8", stdio: "pipe", timeout: 5000 }).split("\n")[0]})`;
	} catch {
		return "";
	}
}
