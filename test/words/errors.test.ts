import { Claimed, ClaimLost, ControlError, PlatformError, RecordLost } from "../../src/control/errors";
import { controlErrorText } from "../../src/words/errors";
import { golden } from "./golden";

golden("errors", {
	"claimed by another": controlErrorText(new Claimed("ann@build-7, process 4711", "2026-11-23T10:05:00Z")),
	"claim lost to another": controlErrorText(new ClaimLost("bob@laptop, process 12")),
	"claim lost, nobody knows to whom": controlErrorText(new ClaimLost(undefined)),
	"record deleted": controlErrorText(new RecordLost()),
	"the platform's words": controlErrorText(new PlatformError("the disk of /data is full\nfree some")),
	"words that end with a full stop": controlErrorText(new ControlError("the cluster is gone.")),
});
