import { expect, test } from "vitest";
import {
	adoptText,
	availableText,
	catalogueUnknownText,
	createStoppedText,
	deprecatedText,
	foreignDataText,
	goneText,
	keptText,
	letGoText,
	movedText,
	strangerText,
	takeoverCaveats,
	unreachableText,
	versionUnknownCaveats,
} from "../../src/words/resource";
import { v } from "../build";

test.each([
	[
		strangerText("analytics", { owner: "shop/live/db" }),
		"a cluster analytics is there already and belongs to shop/live/db. Set adopt to true to take it over, or set name to another one.",
	],
	[
		strangerText("analytics", { owner: "" }),
		"a cluster analytics is there already and belongs to no resource. Set adopt to true to take it over, or set name to another one.",
	],
	[adoptText("analytics"), "analytics is made by others. Set adopt to true to take it over."],
	[
		foreignDataText,
		'"Delete" would delete volumes that others made, and only "Retain" is accepted for those. Leave it out.',
	],
	[
		letGoText("analytics"),
		"analytics: it was made by others, so it goes on running, and all its data with it; only the resource is gone. What made it can delete it.",
	],
	[
		movedText("local:~/a/analytics", "local:~/b/analytics"),
		"the cluster is local:~/a/analytics, and it can't become local:~/b/analytics: no data would move with it. Leave it where it is, or declare the new one as another resource and move the data.",
	],
	[
		movedText("local:~/a/analytics", "local:~/a/sales", "analytics"),
		'the cluster is local:~/a/analytics, and it can\'t become local:~/a/sales: no data would move with it. Set name to "analytics", which leaves it where it is, or declare the new one as another resource and move the data.',
	],
	[
		goneText("local:~/a/analytics"),
		"there is no cluster local:~/a/analytics any more. Run pulumi refresh, so that Pulumi knows, and then pulumi up, which makes it anew.",
	],
	[
		unreachableText("connection refused"),
		"whether a cluster is there already can't be told: connection refused. See to it that its place can be reached from here, then preview again.",
	],
	[
		availableText("analytics", v("1.7.1"), v("1.8.0")),
		"analytics runs 1.7.1, and 1.8.0 is available. To update, set version to 1.8.0 and run pulumi up.",
	],
	[
		deprecatedText("analytics", v("1.8.0"), { deprecated: "1.8.2 is faster" }),
		"analytics: the catalogue advises against 1.8.0: 1.8.2 is faster.",
	],
	[deprecatedText("analytics", v("1.8.0"), { deprecated: true }), "analytics: the catalogue advises against 1.8.0."],
	[
		catalogueUnknownText("analytics", v("1.8.0"), "https://a.b/c answers with status 404"),
		"analytics: the catalogue can't be read, so whether 1.8.0 exists was not judged: https://a.b/c answers with status 404.",
	],
	[
		createStoppedText("the engine exits"),
		"the engine exits. The cluster is kept as it is: pulumi up goes on with it, pulumi destroy removes it.",
	],
	[
		keptText("analytics", "local:~/a/analytics"),
		'analytics: the data is kept at local:~/a/analytics; a DbCluster of the same stack, name and place finds it again. To delete it with the cluster, deletionPolicy must be "Delete" in a pulumi up before the destroy.',
	],
])("%s", (said, expected) => expect(said).toBe(expected));

test("caveats of a version that is not known yet are short lines under one key", () => {
	expect(versionUnknownCaveats(["version", "replicas"])).toEqual({
		"not known yet": { unknown: "replicas, version; whether the update is allowed is judged in the update" },
	});
});

test("caveats of a takeover are the platform's clauses, each in one short line", () => {
	expect(takeoverCaveats({ replicas: "a-0,\n a-1 go on", services: "x".repeat(400) })).toEqual({
		"taken over": { replicas: "a-0, a-1 go on", services: expect.stringMatching(/^x{250,300}/) },
	});
});
