import { readFileSync } from "node:fs";
import { join } from "node:path";

/** This package's own version. */
export function ownVersion(): string {
	return JSON.parse(readFileSync(join(__dirname, "../../../package.json"), "utf8")).version;
}
