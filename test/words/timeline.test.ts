import { expect, test } from "vitest";
import { timelineLostText } from "../../src/words/timeline";

test("a timeline that could not be written names the file and the reason, and that nothing came of it", () => {
	expect(timelineLostText("db", "/tmp/t.json", "ENOSPC: no space\nleft")).toBe(
		"db: its timeline could not be written to /tmp/t.json: ENOSPC: no space left. The update is not affected.",
	);
});
