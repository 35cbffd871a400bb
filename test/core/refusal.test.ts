import { expect, test } from "vitest";
import type { RuleName } from "../../src/core/refusal";
import { rules } from "../../src/core/rules";

/** Every name, so that a rule without facts, or facts without a rule, fails here or does not compile. */
const names: Record<RuleName, true> = {
	"version-format": true,
	"no-downgrade": true,
	"minimum-version": true,
	"eligible-state": true,
	"unfinished-update": true,
	"known-version": true,
	"blocked-version": true,
	"latest-only": true,
	"upgrade-path": true,
	"last-healthy-replica": true,
	"persistent-data": true,
	layout: true,
	"last-copy": true,
	"shared-tables": true,
	rehearsal: true,
	"maintenance-window": true,
};

test("the table holds every rule once, in the order in which people read them", () => {
	expect(rules.map(({ name }) => name)).toEqual(Object.keys(names));
});
