import { homedir } from "node:os";
import { expect, test } from "vitest";
import { localPlatform } from "../../../src/platforms/local";
import { machineAndFolder, machineId } from "../../../src/platforms/local/machine";

const id = "0123456789abcdef0123456789abcdef";
const settings = (directory?: string) => ({ idleAfterSeconds: 0, ...(directory !== undefined && { directory }) });

test("a machine is known by what restarts, another name and a newer system leave as it is", () => {
	expect(machineId("linux", () => `${id}\n`)).toBe(id);
	const ioreg = '+-o Mac\n    "IOPlatformSerialNumber" = "C02"\n    "IOPlatformUUID" = "1B4E28BA-2FA1-11D2"\n';
	expect(machineId("darwin", () => ioreg)).toBe("1B4E28BA-2FA1-11D2");
});

test("a container without such a thing is not refused", () => {
	const missing = () => {
		throw new Error("ENOENT");
	};
	expect(["", "uninitialized\n"].map((text) => machineId("linux", () => text))).toEqual(["", ""]);
	expect(machineId("linux", missing)).toBe("");
	expect(machineAndFolder(settings(), "")).toMatch(/^[0-9a-f]{16}$/);
});

test("another machine, another home and another program's folder are other places", () => {
	const here = machineAndFolder(settings(), "a");
	expect(machineAndFolder(settings("~/.pulumi-dbcluster/"), "a")).toBe(here);
	expect(machineAndFolder(settings(`${homedir()}/.pulumi-dbcluster`), "a")).toBe(here);
	expect(machineAndFolder(settings(), "b")).not.toBe(here);
	expect(machineAndFolder(settings("/home/somebody/.pulumi-dbcluster"), "a")).not.toBe(here);
	expect(machineAndFolder(settings("./data"), "a")).toBe(machineAndFolder(settings(`${process.cwd()}/data`), "a"));
});

test("the platform tells them", () => {
	expect(localPlatform.server?.(settings())).toBe(machineAndFolder(settings()));
	expect(localPlatform.server?.(settings("/data/other"))).not.toBe(localPlatform.server?.(settings()));
});
