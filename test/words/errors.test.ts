import { expect, test } from "vitest";
import { Claimed, ClaimLost, ControlError, PlatformError } from "../../src/control/errors";
import { controlErrorText } from "../../src/words/errors";

test.each([
	[
		new Claimed("ann@build-7, process 4711", "2026-11-23T10:05:00Z"),
		"the cluster is being changed by ann@build-7, process 4711. Wait until it is done, then run pulumi up again. If that process is gone, its claim ends by itself at 2026-11-23T10:05:00Z; if Pulumi calls the stack locked then, run pulumi cancel first.",
	],
	[
		new ClaimLost("bob@laptop, process 12"),
		"another process (bob@laptop, process 12) has taken over the change of this cluster. Nothing more was touched here. Wait until the other one is done, then run pulumi up again.",
	],
	[
		new ClaimLost(undefined),
		"another process has taken over the change of this cluster. Nothing more was touched here. Wait until the other one is done, then run pulumi up again.",
	],
	[new PlatformError("the disk of /data is full\nfree some"), "the disk of /data is full free some."],
	[new ControlError("the cluster is gone."), "the cluster is gone."],
])("%s", (error, expected) => expect(controlErrorText(error)).toBe(expected));
