import { afterEach, beforeEach, expect, vi } from "vitest";
import { scripted } from "./scripted-platform";

/** What was printed since the test began. */
export const lines: string[] = [];

beforeEach(() => {
	Object.assign(scripted, {
		catalogue: "1.7.1 1.8.0 1.9.0",
		obstacles: [],
		unreachable: false,
		missing: "",
		runs: undefined,
		foreign: false,
		loses: "",
	});
	scripted.worlds.clear();
	lines.length = 0;
	vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
});
afterEach(() => {
	vi.restoreAllMocks();
	expect([...scripted.worlds.values()].flatMap(({ violations }) => violations)).toEqual([]);
});

/** Where the cluster `a` lives. */
export const world = () => scripted.world("a");
export const versionsNow = () => world().cluster?.units.map((unit) => unit.version);

/** Arguments with which a version need not be the latest. */
export const forward = { update: { policy: "any" } };
