import { describe, expect, test } from "vitest";
import { known, unknown } from "../../../src/core/question";
import { decide } from "../../../src/core/rules";
import { states } from "../../../src/core/state";
import { ask, cluster, creation, mark, refusalOf, releases } from "../../build";

const refused = (marked: boolean) =>
	states.filter((state) => {
		const observed = cluster("1.7.1 1.7.1", { state, ...(marked && { mark: mark("1.7.1", "1.8.0") }) });
		return refusalOf("eligible-state", ask(observed, "1.8.0")) !== undefined;
	});

test("refuses all but Started, Stopped and Idle", () => {
	expect(refused(false)).toEqual(["Starting", "Stopping", "Updating", "Restoring", "Degraded", "Unknown"]);
});

test("an unfinished update goes on from Updating and Degraded, too", () => {
	expect(refused(true)).toEqual(["Starting", "Stopping", "Restoring", "Unknown"]);
});

test("an unfinished creation goes on from Starting and Degraded, too, also where no replica tells its version", () => {
	const but = { "0-0": { serving: false } };
	const refused = states.filter((state) => {
		const observed = cluster("?", { state, mark: creation("1.8.0"), but });
		return refusalOf("eligible-state", ask(observed, "1.8.0")) !== undefined;
	});
	expect(refused).toEqual(["Stopping", "Updating", "Restoring", "Unknown"]);
	expect(refusalOf("eligible-state", ask(cluster("?", { but }), "1.8.0"))).toBeDefined();
});

describe("facts", () => {
	test("of a degraded cluster: who is down, and why where that is known", () => {
		const but = {
			"0-0": { serving: false },
			"0-1": { serving: false, trouble: "exits at start", cause: "exits" } as const,
		};
		expect(
			refusalOf("eligible-state", ask(cluster("1.7.1 1.7.1 1.7.1", { state: "Degraded", but }), "1.8.0")),
		).toStrictEqual({
			rule: "eligible-state",
			property: "version",
			target: "1.8.0",
			state: "Degraded",
			troubles: [{ replica: "analytics-0-0" }, { replica: "analytics-0-1", trouble: "exits at start", cause: "exits" }],
		});
	});

	test("of one that starts: only what went wrong", () => {
		const but = { "0-1": { trouble: "no such image" } };
		const observed = cluster("1.7.1 1.7.1", { state: "Starting", but });
		expect(refusalOf("eligible-state", ask(observed, "1.8.0"))).toMatchObject({
			troubles: [{ replica: "analytics-0-1", trouble: "no such image" }],
		});
	});
});

describe("fails closed", () => {
	const catalogue = known(releases("1.7.1 1.8.0 1.9.0"));
	const why = "no route to host";

	test("a cluster that can't be read is refused, and nothing is said that would need it", () => {
		expect(decide({ target: "1.8.0", cluster: unknown(why), catalogue, policy: "latest" })).toEqual([
			{ rule: "eligible-state", property: "version", target: "1.8.0", unreadable: why },
		]);
	});

	test("what is wrong with the target alone is said all the same", () => {
		const rules = (target: string) =>
			decide({ target, cluster: unknown(why), catalogue, policy: "latest" }).map(({ rule }) => rule);
		expect(rules("1.8")).toEqual(["version-format", "eligible-state"]);
		expect(rules("1.8.5")).toEqual(["eligible-state", "known-version"]);
	});

	test.each([cluster("? ?"), { ...cluster("1.7.1"), replicas: [] }])("so is one that tells no version", (observed) => {
		expect(refusalOf("eligible-state", ask(observed, "1.8.0"))).toEqual({
			rule: "eligible-state",
			property: "version",
			target: "1.8.0",
			unreadable: "no replica reports which version it runs",
		});
	});
});
