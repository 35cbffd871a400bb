import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ObservedCluster } from "../../../src/core/cluster";
import { withoutUndefined } from "../../../src/pulumi/args/inputs";
import { recall, record } from "../../../src/pulumi/judge/snapshot";
import { clusters } from "../../arbitrary";
import { cluster, mark, v } from "../../build";
import { sent } from "../engine";

/** As Pulumi gets it. */
const stored = (recorded: ObservedCluster) => sent(withoutUndefined({ ...recorded })) as never as ObservedCluster;

test("what was recorded is recorded as it is", () => {
	fc.assert(
		fc.property(clusters, (seen) => {
			fc.pre(seen.replicas.length > 0);
			const recorded = stored(record(seen, undefined));
			expect(recall(recorded)).toMatchObject(recorded);
			expect(stored(record(recall(recorded) as ObservedCluster, recorded))).toEqual(recorded);
		}),
	);
});

describe("what passes by itself is not in it", () => {
	const seen = cluster("1.8.0 1.8.0", {
		but: {
			"0-0": { holds: { tables: [{ database: "d", name: "t", engine: "Memory", rows: 3 }] } },
			"0-1": { holds: { tables: [] } },
		},
	});
	const before = stored(record(seen, undefined));
	const [first, second] = seen.replicas as [ObservedCluster["replicas"][number], ObservedCluster["replicas"][number]];
	const { holds, ...unasked } = first;

	test.each<[string, ObservedCluster]>([
		[
			"rows",
			{ ...seen, replicas: [{ ...first, holds: { tables: [{ ...holds?.tables[0], rows: 9 } as never] } }, second] },
		],
		["a replica behind", { ...seen, replicas: [{ ...first, caughtUp: false, readOnly: true }, second] }],
		["a trouble", { ...seen, replicas: [{ ...first, trouble: "no space left" }, second] }],
		["idle", { ...seen, state: "Idle", replicas: [{ ...unasked, serving: false }, second] }],
		["starting", { ...seen, state: "Starting", replicas: [{ ...unasked, serving: false }, second] }],
	])("%s", (_, later) => {
		expect(stored(record(later, before))).toEqual(before);
	});

	test("what does not pass is: a replica that is down, another version, an unfinished update", () => {
		const down = { ...seen, state: "Degraded", replicas: [{ ...unasked, serving: false }, second] } as const;
		expect(record(down, before)).toMatchObject({
			state: "Degraded",
			replicas: [{ serving: false }, { serving: true }],
		});
		expect(record({ ...seen, mark: mark("1.7.1", "1.8.0") }, before)).toHaveProperty("mark");
	});
});

test("it is the cluster as it is once the change is done", () => {
	const seen = cluster("1.7.1 1.8.0", { state: "Degraded", mark: mark("1.7.1", "1.8.0") });
	const done = stored(record(cluster("1.9.0 1.9.0"), undefined));
	expect(stored(record(seen, undefined, { version: v("1.9.0") }))).toEqual(done);
	expect(record(seen, undefined, { version: v("1.9.0"), desired: "Stopped" })).toMatchObject({ state: "Stopped" });
});

test.each([
	undefined,
	null,
	"x",
	{},
	{ name: "a", state: "Asleep", replicas: [{}] },
	{ name: "a", state: "Started", replicas: [] },
])("state that was edited by hand is not read: %j", (recorded) => expect(recall(recorded)).toBeUndefined());
