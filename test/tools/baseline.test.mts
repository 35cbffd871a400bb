import { expect, test } from "vitest";
import { brokenSince, keepSchemas, lastRelease } from "../../tools/release/released.mts";

const writing = process.env.DBCLUSTER_BASELINE;
const release = lastRelease();

test.runIf(writing)("the schemas of a release are kept", () => {
	keepSchemas(writing ?? "");
});

// Skipped until the first release has kept its own.
test.skipIf(release === undefined)("nothing in the schemas of the last release is broken", () => {
	expect(brokenSince(release ?? "")).toEqual([]);
});
