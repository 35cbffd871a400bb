import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expand, type LocalSettings, place } from "./settings";

/**
 * What tells this machine from others and stays when it is restarted, renamed or gets a newer system; empty where it has
 * nothing of the kind, as in many containers.
 *
 * Sources: https://www.freedesktop.org/software/systemd/man/latest/machine-id.html, and `man ioreg`.
 */
export function machineId(system: NodeJS.Platform = process.platform, ask = answerOf): string {
	try {
		const [, uuid, id] = /"IOPlatformUUID" = "([^"]+)"|^([0-9a-f]{32})$/m.exec(ask(system)) ?? [];
		return uuid ?? id ?? "";
	} catch {
		return "";
	}
}

const answerOf = (system: NodeJS.Platform) =>
	system === "darwin"
		? execFileSync("/usr/sbin/ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"], { encoding: "utf8", stdio: "pipe" })
		: readFileSync("/etc/machine-id", "latin1");

/** macOS answers by a program, and a stack may have a thousand clusters. */
let own: string | undefined;

function ownId(): string {
	own ??= machineId();
	return own;
}

/** Which machine and which folder on it are meant: `~` and relative paths lead elsewhere for another user or program. */
export const machineAndFolder = (settings: LocalSettings, machine = ownId()): string =>
	createHash("sha256")
		.update(`pulumi-dbcluster\n${machine}\n${expand(place(settings))}`)
		.digest("hex")
		.slice(0, 16);
