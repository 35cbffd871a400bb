import { hostname, userInfo } from "node:os";
import { expect, it, vi } from "vitest";
import { holder } from "../../src/roll/holder";

vi.mock("node:os", { spy: true });

it("is who runs this process, where, and its number", () => {
	vi.mocked(userInfo).mockReturnValueOnce({ ...userInfo(), username: "ann" });
	vi.mocked(hostname).mockReturnValueOnce("build-7");
	expect(holder()).toBe(`ann@build-7, process ${process.pid}`);
});

it("is a number where that has no name", () => {
	vi.mocked(userInfo).mockImplementationOnce(() => {
		throw new Error("no such user");
	});
	expect(holder()).toBe(`${process.getuid?.() ?? "somebody"}@${hostname()}, process ${process.pid}`);
});

it("is somebody where there are no numbers either", () => {
	const { getuid } = process;
	vi.mocked(userInfo).mockImplementationOnce(() => {
		throw new Error("no such user");
	});
	Object.assign(process, { getuid: undefined });
	expect(holder()).toBe(`somebody@${hostname()}, process ${process.pid}`);
	Object.assign(process, { getuid });
});
