import { expect, test } from "vitest";
import {
	adoptText,
	availableText,
	catalogueUnknownText,
	createStoppedText,
	deprecatedText,
	digestFlawText,
	elsewhereText,
	foreignDataText,
	keptText,
	letGoText,
	movedText,
	newOwnerText,
	notKnownYetCaveats,
	otherMachineText,
	recordedOnlyText,
	recordLost,
	scaledText,
	spelledOtherwiseText,
	strangerText,
	takenUpClause,
	takeoverCaveats,
	unreachableText,
	unrecordedText,
	unseenText,
	untriedText,
	wakesText,
	windowText,
} from "../../src/words/resource";
import { v } from "../build";
import { golden } from "./golden";

const home = "local:~/a/analytics";
const scaled = { where: "StatefulSet db-0", replicas: 3, generation: 7 };

golden("resource", {
	"another resource's": strangerText("analytics", { owner: "shop/live/db" }),
	"no resource's": strangerText("analytics", { owner: "" }),
	"existing, without adopt": adoptText("analytics"),
	"existing, with Delete": foreignDataText,
	"its cluster exists": takenUpClause,
	"another resource had it": newOwnerText("shop/live/db", "shop/test/db", false),
	"no resource had it": newOwnerText("", "shop/test/db", false),
	"its stack was renamed": newOwnerText("shop/live/db", "shop/new/db", true),
	"existing, let go": letGoText("analytics"),
	"another place": movedText(home, "local:~/b/analytics"),
	"another name": movedText(home, "local:~/a/sales", "analytics"),
	"scaled by others": scaledText([scaled, { ...scaled, where: "StatefulSet db-1", replicas: 1 }], { replicas: 2 }),
	"left behind": scaledText([{ ...scaled, replicas: 0 }], { replicas: 2 }),
	"its StatefulSet deleted": scaledText([{ where: "StatefulSet db-0", generation: 7 }], { replicas: 2 }),
	gone: unrecordedText({ id: home, name: "analytics" }, undefined),
	"without its record": unrecordedText({ id: "kubernetes:db/analytics", name: "analytics" }, {}),
	"the input unfinished without its record": recordLost,
	"on another server": elsewhereText(home),
	"on another machine": otherMachineText(home),
	"can't be reached": unreachableText("connection refused"),
	"can't be seen": unseenText("connection refused"),
	"latest with a digest": digestFlawText("latest"),
	"no digest": digestFlawText("malformed"),
	"a digest without an image": digestFlawText("no-image"),
	"the window is closed": windowText("analytics", {
		open: false,
		until: "2026-11-28T01:00:00Z",
		timeZone: "Europe/Berlin",
	}),
	"the window is open": windowText("analytics", {
		open: true,
		until: "2026-11-28T05:00:00Z",
		timeZone: "Europe/Berlin",
	}),
	"it is Idle": wakesText("analytics"),
	"only the record can be read": recordedOnlyText("analytics", "no route to 10.0.0.1"),
	"a right to try it is missing": untriedText(
		"analytics",
		'the API server at https://10.0.0.1 forbids this request: configmaps "analytics-config" is forbidden: User "ci" cannot patch resource "configmaps"',
	),
	"newer versions under another spelling": spelledOtherwiseText("analytics", [
		{ image: "acme/db:{version}-debian-12-r*", tag: "25.7.5-debian-12-r2" },
		{ image: "acme/db:v{version}", tag: "v25.7.4" },
	]),
	"an update is available": availableText("analytics", v("1.7.1"), v("1.8.0")),
	"deprecated with a reason": deprecatedText("analytics", v("1.8.0"), { deprecated: "1.8.2 is faster" }),
	deprecated: deprecatedText("analytics", v("1.8.0"), { deprecated: true }),
	"no catalogue": catalogueUnknownText("analytics", v("1.8.0"), "https://a.b/c answers with status 404"),
	"a creation stopped": createStoppedText("the engine exits"),
	"data is kept": keptText("analytics", home),
	"caveats without a version": notKnownYetCaveats(["version", "replicas"])["not known yet"],
});

test("caveats of a takeover are the platform's clauses, each in one short line", () => {
	expect(takeoverCaveats({ replicas: "a-0,\n a-1 go on", services: "x".repeat(400) })).toEqual({
		"taken over": { replicas: "a-0, a-1 go on", services: expect.stringMatching(/^x{250,300}/) },
	});
});
