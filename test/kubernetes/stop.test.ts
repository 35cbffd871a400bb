import { expect, it, vi } from "vitest";
import { v } from "../build";
import { holdPod } from "./by-hand";
import { Space, startCluster, unavailable } from "./harness";

const minute = 60_000;

it.skipIf(unavailable !== undefined)(
	"a server that stops for a roll is not kept waiting for the roll's own connections",
	async () => {
		const space = await Space.open();
		try {
			// Only a server that logs much says what it waits for.
			const config = { "zz.xml": "<yandex><logger><level>debug</level></logger></yandex>" };
			const settings = space.settings({ config });
			const control = await startCluster(space, { version: v("1.7.1"), replicas: 1, settings });
			// Its log is there for as long as its container is.
			await holdPod(space, "db-0-0", true);
			const claim = await control.claim("the test", 600);
			await control.drain(claim, "db-0-0");
			await control.look("db-0-0");
			// Read while it is written: a log may go with its container, though the pod is held. No more than the lines whose
			// bytes are let through, of which it would be the first ones.
			let log = "";
			const written = vi.waitFor(
				async () => {
					log = await space.api.log("db-0-0", "server", { lines: 60, previous: false });
					expect(log).toContain("Closed connections");
				},
				{ timeout: minute, interval: 50 },
			);
			await control.restart(claim, "db-0-0", v("1.8.0"));
			await written;
			await holdPod(space, "db-0-0", false);
			const waited = timeOf(log, "Closed connections") - timeOf(log, "Closed all listening sockets");
			// It would be the 3 seconds of its keep-alive time.
			expect(waited, log).toBeLessThan(1500);
		} finally {
			await space.close();
		}
	},
);

/** When a log says something, in milliseconds of a day. */
function timeOf(log: string, words: string): number {
	const line = log.split("\n").find((each) => each.includes(words));
	const [, hours = "", minutes = "", seconds = ""] = / (\d+):(\d+):(\d+\.\d+)/.exec(line ?? "") ?? [];
	if (seconds === "") throw new Error(`no "${words}" in:\n${log}`);
	return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
