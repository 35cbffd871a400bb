import { describe, expect, test } from "vitest";
import type { Cause } from "../../src/core/cluster";
import { type At, advice, isUpToTheVendor, type Simple, wayOut } from "../../src/words/advice";
import { v } from "../build";

const replica = "db-0-1";
const update: At = { replica, change: "version", to: v("2.0.0") };
const settings: At = { replica, change: "settings", to: v("2.0.0") };
const mend = "mend the image (locally, the engine) of 2.0.0, or set a later version";

/** What each cause asks for, in an update of the version, in a change of settings and while it is only waited. */
const expected: { readonly [Each in Cause]: string | readonly [string, string, string] } = {
	image: [
		"see to it that its image (locally, its engine) is there and can be pulled, or set a version later than 2.0.0",
		"see to it that its image (locally, its engine) is there and can be pulled",
		"see to it that its image (locally, its engine) is there and can be pulled",
	],
	exits: [
		mend,
		"mend the settings that were changed, or set them back",
		"look at the log of db-0-1 and mend what it says",
	],
	memory: "raise the memory limit of its server (kubernetes.resources, or where others made it, in the StatefulSet)",
	configuration: "make what it names, such as a Secret or a ConfigMap, or mend the setting that names it",
	quota: "raise that quota or limit, or lower kubernetes.resources or kubernetes.storage to what fits it",
	admission: "have that policy let its pod in, or mend the settings that it forbids",
	scheduling:
		"make room on a node that may take it, or lower kubernetes.resources or mend nodeSelector, tolerations and affinity",
	volume: "see to its volume (kubectl describe pod db-0-1 tells more)",
	node: "make sure that its node is off, then delete that Node or the pod (kubectl delete pod db-0-1 --force)",
	network: "see to the network of its node, which may lack free addresses (kubectl describe pod db-0-1 tells more)",
	container: "see to that container, which is not the server's (kubectl logs db-0-1 --container <its name>)",
	keeper: "see to it that Keeper is up and can be reached from the pods at the hosts of kubernetes.keeper",
	replication: "find out why it does not catch up (SELECT last_exception FROM system.replication_queue on db-0-1)",
	emptied:
		"find out what became of its volume, and give it its tables back: what SHOW CREATE TABLE says of each on another replica, run on db-0-1 with ATTACH in the place of CREATE; rows that replicate then come by themselves",
	scaled: "scale it back (kubectl scale)",
	version: "set version to the one that opened its data, or to a later one",
	data: 'set desiredState to "Stopped" and run pulumi up, put a copy of the folder of a replica that is well in the place of its own, then set it back',
	port: "free that port, or set local.port to another",
	refused: "do what that says",
};

describe.each(Object.entries(expected) as [Cause, (typeof expected)[Cause]][])("%s", (cause, texts) => {
	const [updating, setting, waiting] = typeof texts === "string" ? [texts, texts, texts] : texts;

	test("has one way out, whether it failed or stalled", () => {
		expect(advice(cause, update)).toBe(updating);
		expect(wayOut({ kind: "failed", cause, words: "no" }, update)).toBe(updating);
		expect(wayOut({ kind: "stalled", cause, phase: "no", seconds: 1 }, update)).toBe(updating);
		expect(advice(cause, settings)).toBe(setting);
		expect(advice(cause, { replica })).toBe(waiting);
	});

	test("never asks for another image where that is not what is wrong", () => {
		const theImages: Cause[] = ["exits", "image", "version"];
		if (!theImages.includes(cause)) expect(advice(cause, update)).not.toMatch(/image|version/);
		expect(isUpToTheVendor({ kind: "failed", cause, words: "no" }, update)).toBe(cause === "exits");
	});
});

const stalled = { kind: "stalled", phase: "starting", seconds: 300 } as const;
const scaled = { kind: "resized", object: "StatefulSet db-0", of: 2 } as const;
const set = { kind: "version-set", object: "StatefulSet db-0", image: "a/b:2.0.6" } as const;
const longer = "look at the log of db-0-1; if it only needs longer, raise update.stallSeconds, else";

test.each<[Simple, At, string]>([
	[stalled, update, `${longer} ${mend}`],
	[stalled, settings, `${longer} mend the settings that were changed, or set them back`],
	[stalled, { replica }, `${longer} mend what it says`],
	[
		stalled,
		{},
		"look at the cluster's log; if it only needs longer, raise update.stallSeconds, else mend what it says",
	],
	[{ ...scaled, replicas: 1 }, update, "scale it back (kubectl scale StatefulSet db-0 --replicas=2)"],
	[{ ...scaled, replicas: 0 }, update, "scale it back (kubectl scale StatefulSet db-0 --replicas=2)"],
	[{ ...scaled, replicas: 3 }, update, "scale it back (kubectl scale StatefulSet db-0 --replicas=2)"],
	[scaled, update, "make it anew where others had made it (what DbCluster had made, it makes anew itself)"],
	[{ ...set, version: v("2.0.6") }, update, "set version to 2.0.6 or later, or set that image back"],
	[{ ...set, version: v("1.9.0") }, update, "set that image back"],
	[set, update, "set that image back"],
	[{ kind: "wrong-version", runs: v("2.0.6") }, update, "set version to 2.0.6 or later"],
	[{ kind: "wrong-version", runs: v("1.9.0") }, update, mend],
	[{ kind: "wrong-version", runs: undefined }, update, mend],
])("%j at %j", (cause, at, expected) => {
	expect(wayOut(cause, at)).toBe(expected);
});

test("the vendor helps only where the version itself may be wrong", () => {
	expect(isUpToTheVendor({ kind: "wrong-version", runs: v("1.9.0") }, update)).toBe(true);
	expect(isUpToTheVendor({ kind: "wrong-version", runs: v("2.0.6") }, update)).toBe(false);
	expect(isUpToTheVendor({ kind: "failed", cause: "exits", words: "no" }, settings)).toBe(false);
	expect(isUpToTheVendor({ ...scaled, replicas: 1 }, update)).toBe(false);
});
