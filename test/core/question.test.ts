import { expect, test } from "vitest";
import { known, policies, unknown } from "../../src/core/question";

test("what is not known comes with its reason", () => {
	expect(known(3)).toEqual({ known: true, value: 3 });
	expect(unknown("no route to host")).toEqual({ known: false, why: "no route to host" });
});

test("an update goes to the latest version, or to any", () => {
	expect(policies).toEqual(["latest", "any"]);
});
