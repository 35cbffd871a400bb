import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { readRule } from "../src/words/refusals";

/** `property: reason` of each failure. Which rule it comes from is tested where the rules are. */
export function reasonsIn(failures: readonly CheckFailure[] = []): string[] {
	return failures.map(({ property, reason }) => `${property}: ${readRule(reason).reason}`);
}
