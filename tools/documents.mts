import { globSync } from "node:fs";
import { root } from "./environment.mts";

/** Every document of the repository, by its path from the root. */
export const documents: readonly string[] = globSync(["*.md", "docs/**/*.md", "examples/**/*.md"], {
	cwd: root,
	exclude: (path) => path.includes("node_modules"),
}).sort();
