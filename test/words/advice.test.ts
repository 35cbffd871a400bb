import { expect, test } from "vitest";
import type { Cause } from "../../src/core/cluster";
import { type At, advice, isUpToTheVendor, type Simple, wayOut } from "../../src/words/advice";
import { v } from "../build";
import { byData, golden } from "./golden";

const replica = "db-0-1";
const update: At = { replica, change: "version", to: v("2.0.0") };
const creation: At = { ...update, change: "creation" };
const settings: At = { ...update, change: "settings" };

const all = {
	image: 0,
	exits: 0,
	memory: 0,
	configuration: 0,
	quota: 0,
	admission: 0,
	scheduling: 0,
	volume: 0,
	node: 0,
	network: 0,
	container: 0,
	keeper: 0,
	replication: 0,
	emptied: 0,
	scaled: 0,
	version: 0,
	data: 0,
	port: 0,
	refused: 0,
} satisfies Record<Cause, 0>;
const causes = Object.keys(all) as Cause[];

const stalled = { kind: "stalled", phase: "starting", seconds: 300 } as const;
const scaled = { kind: "resized", object: "StatefulSet db-0", of: 2 } as const;
const set = { kind: "version-set", object: "StatefulSet db-0", image: "a/b:2.0.6" } as const;

golden("advice", {
	...byData(causes, (cause) => ({
		update: advice(cause, update),
		creation: advice(cause, creation),
		settings: advice(cause, settings),
		waiting: advice(cause, { replica }),
		cluster: advice(cause, {}),
	})),
	...byData<[Simple, At], string>(
		[
			[stalled, update],
			[stalled, settings],
			[stalled, { replica }],
			[stalled, {}],
			[{ ...scaled, replicas: 1 }, update],
			[{ ...scaled, replicas: 0 }, update],
			[{ ...scaled, replicas: 3 }, update],
			[scaled, update],
			[{ ...set, version: v("2.0.6") }, update],
			[{ ...set, version: v("1.9.0") }, update],
			[set, update],
			[{ kind: "wrong-version", runs: v("2.0.6") }, update],
			[{ kind: "wrong-version", runs: v("1.9.0") }, update],
			[{ kind: "wrong-version", runs: undefined }, update],
		],
		([cause, at]) => wayOut(cause, at),
	),
});

test.each(causes)(
	"%s has one way out, whether it failed or stalled, and another image only where that is wrong",
	(cause) => {
		expect(wayOut({ kind: "failed", cause, words: "no" }, update)).toBe(advice(cause, update));
		expect(wayOut({ kind: "stalled", cause, phase: "no", seconds: 1 }, update)).toBe(advice(cause, update));
		const theImages: Cause[] = ["exits", "image", "version"];
		if (!theImages.includes(cause)) expect(advice(cause, update)).not.toMatch(/image|version/);
		expect(isUpToTheVendor({ kind: "failed", cause, words: "no" }, update)).toBe(cause === "exits");
	},
);

test("the vendor helps only where the version itself may be wrong", () => {
	expect(isUpToTheVendor({ kind: "wrong-version", runs: v("1.9.0") }, update)).toBe(true);
	expect(isUpToTheVendor({ kind: "wrong-version", runs: v("2.0.6") }, update)).toBe(false);
	expect(isUpToTheVendor({ kind: "failed", cause: "exits", words: "no" }, settings)).toBe(false);
	expect(isUpToTheVendor({ ...scaled, replicas: 1 }, update)).toBe(false);
});
