import { hostname, userInfo } from "node:os";

/** This process as the holder of a claim, for people: `ann@build-7, process 4711`. */
export function holder(): string {
	return `${userName()}@${hostname()}, process ${process.pid}`;
}

/** A container may run under a number that no user has. */
function userName(): string {
	try {
		return userInfo().username;
	} catch {
		return String(process.getuid?.() ?? "somebody");
	}
}
