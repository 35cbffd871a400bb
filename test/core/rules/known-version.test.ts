import { expect, test } from "vitest";
import { known, unknown } from "../../../src/core/question";
import { ask, cluster, mark, refusalOf, releases } from "../../build";

const catalogue = known(releases("1.7.1 1.10.0 1.8.0 0.9.2.0 1.9.0"));
const at = cluster("1.7.1 1.7.1");

test("a version that the catalogue lacks is refused, and the newest that pass are offered", () => {
	expect(refusalOf("known-version", ask(at, "1.8.5", { catalogue, policy: "any" }))).toEqual({
		rule: "known-version",
		property: "version",
		target: "1.8.5",
		instead: ["1.10.0", "1.9.0", "1.8.0"],
	});
	expect(refusalOf("known-version", ask(at, "1.8.5", { catalogue }))).toMatchObject({ instead: ["1.10.0", "1.7.1"] });
	const empty = { empty: true, instead: [] };
	expect(refusalOf("known-version", ask(at, "1.8.5", { catalogue: known([]) }))).toMatchObject(empty);
});

test.each(["1.8.0", "1.8.0.0", "0.9.2"])("%s is in it", (target) => {
	expect(refusalOf("known-version", ask(at, target, { catalogue }))).toBeUndefined();
});

test("an unknown catalogue, what runs already and the target of an unfinished update pass", () => {
	const unfinished = cluster("1.7.1 1.7.1", { state: "Updating", mark: mark("1.7.1", "1.8.5") });
	expect(refusalOf("known-version", ask(at, "1.8.5", { catalogue: unknown("no route to host") }))).toBeUndefined();
	expect(refusalOf("known-version", ask(cluster("1.8.5 1.8.5"), "1.8.5", { catalogue }))).toBeUndefined();
	expect(refusalOf("known-version", ask(unfinished, "1.8.5", { catalogue }))).toBeUndefined();
	expect(refusalOf("known-version", ask(unfinished, "1.8.6", { catalogue }))).toBeDefined();
});
