import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(__dirname, "..");

test("each file of core and of words has a test file of the same name", () => {
	const sources = globSync("src/{core,words}/**/*.ts", { cwd: root });
	expect(sources.length).toBeGreaterThan(20);
	const expected = sources.map((path) => path.replace(/^src/, "test").replace(/\.ts$/, ".test.ts"));
	expect(expected.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
