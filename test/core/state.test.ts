import { expect, test } from "vitest";
import { isEligible, states } from "../../src/core/state";

test("an update starts from Started, Stopped and Idle, and from nothing else", () => {
	expect(states.filter(isEligible)).toEqual(["Started", "Stopped", "Idle"]);
	expect(states).toEqual("Started Stopped Idle Starting Stopping Updating Restoring Degraded Unknown".split(" "));
});
