import type { CheckFailure } from "@pulumi/pulumi/dynamic";
import { readRule } from "../src/words/refusals";

/** `property: reason` of each failure; the text of one that is on no property names its own. Which rule it comes from is tested where the rules are. */
export function reasonsIn(failures: readonly CheckFailure[] = []): string[] {
	return failures.map(({ property, reason }) => {
		const said = readRule(reason).reason;
		return property === "" ? said : `${property}: ${said}`;
	});
}
