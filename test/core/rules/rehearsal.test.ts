import { describe, expect, test } from "vitest";
import { rehearsal } from "../../../src/core/rules/rehearsal";
import { ask, cluster, mark, refusalOf, unread } from "../../build";

describe("rehearsal", () => {
	const refusal = (running: string, more: object = {}, unrehearsed: "none" | undefined = "none") =>
		refusalOf("rehearsal", { ...ask(cluster(running, more), "1.8.0"), unrehearsed });

	test("refuses an update that needs a rehearsal and has none", () =>
		expect(refusal("1.7.1 1.7.1")).toMatchObject({ rule: "rehearsal", property: "version", unrehearsed: "none" }));
	test.each<[string, string, object, "none" | undefined]>([
		["none is required, or it passed", "1.7.1 1.7.1", {}, undefined],
		["the version stays", "1.8.0 1.8.0", {}, "none"],
		["an unfinished update resumes", "1.8.0 1.7.1", { mark: mark("1.7.1", "1.8.0"), state: "Degraded" }, "none"],
	])("says nothing where %s", (_, running, more, why) => {
		const question = { ...ask(cluster(running, more), "1.8.0"), unrehearsed: why };
		expect(refusalOf("rehearsal", question)).toBeUndefined();
	});
});

test("is silent where the target is no version, or the cluster can't be read", () => {
	expect(unread(rehearsal, { ...ask(cluster("1.7.1 1.7.1"), "1.8.0"), unrehearsed: "none" })).toEqual({
		asked: 1,
		noVersion: [],
		noCluster: [],
	});
});
