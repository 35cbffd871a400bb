import { expect, test } from "vitest";
import { known, type Release, unknown } from "../../../src/core/question";
import { knownVersion } from "../../../src/core/rules/known-version";
import { ask, cluster, mark, refusalOf, releases, unread } from "../../build";

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

const spelt = (version: string) =>
	({
		...releases(version)[0],
		spelling: { image: "acme/db:v{version}", tag: `v${version}` },
	}) as Release;
const tags = (...versions: string[]) => versions.map((version) => spelt(version).spelling);

test("tags of another spelling are named: the target's or, if there is none, the three newest that are newer", () => {
	// The platform lists the newest first.
	const others = ["2.3.0", "2.2.0", "2.1.0", "2.0.0", "1.6.0"].map(spelt);
	const catalogue = known([...releases("1.7.1"), ...others]);
	expect(refusalOf("known-version", ask(at, "2.1.0", { catalogue }))).toMatchObject({ elsewhere: tags("2.1.0") });
	expect(refusalOf("known-version", ask(at, "1.8.0", { catalogue }))).toMatchObject({
		elsewhere: tags("2.3.0", "2.2.0", "2.1.0"),
	});
	const alone = known([spelt("2.1.0")]);
	expect(refusalOf("known-version", ask(at, "2.1.0", { catalogue: alone }))).toMatchObject({
		empty: true,
		instead: [],
		elsewhere: tags("2.1.0"),
	});
	expect(refusalOf("known-version", ask(at, "1.8.0", { catalogue: known(releases("1.7.1")) }))).not.toHaveProperty(
		"elsewhere",
	);
});

test("a cluster that can't be read changes nothing about a version that does not exist", () => {
	const question = ask(at, "1.8.5", { catalogue, cluster: unknown("no route to host") });
	expect(refusalOf("known-version", question)).toMatchObject({ instead: ["1.10.0", "1.9.0", "1.8.0"] });
});

test("is silent where the target is no version", () => {
	expect(unread(knownVersion, ask(at, "1.8.5", { catalogue }))).toMatchObject({ asked: 1, noVersion: [] });
});
