/**
 * The timelines that docs/status.md and the README show: an update of two replicas under SELECT and INSERT loops, by
 * `pulumi up`, and one to an image that exits at its start.
 *
 * Usage: npm run figures:kubernetes        writes bench/results/timeline.json and timeline-stopped.json, and
 *                                          draws them into docs
 */
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { Space, unavailable } from "../../test/kubernetes/harness.ts";
import { startLoad } from "../../test/kubernetes/load.ts";
import { KubernetesProject, unrehearsed } from "../../test/kubernetes/projects.mts";
import { makeRows } from "../../test/kubernetes/tables.ts";
import { results } from "../results.mts";

class Recorded extends KubernetesProject {
	readonly timelines = join(this.folder, "timelines");

	constructor(space: Space) {
		super(space);
		this.env.PULUMI_DBCLUSTER_TIMELINES = this.timelines;
	}
}

test.skipIf(unavailable !== undefined)("the timelines of an update that finishes and of one that stops", async () => {
	for (const [to, file] of [
		["1.8.0", "timeline.json"],
		["1.7.9", "timeline-stopped.json"],
	] as const) {
		const space = await Space.open();
		const project = await new Recorded(space).set({ version: "1.7.1", name: "analytics" }).init();
		try {
			await project.upOk();
			await makeRows(space, ["analytics-0-0", "analytics-0-1"]);
			const endpoint = await space.endpoint("analytics");
			await space.reachable("analytics");
			const load = startLoad({ endpoint, table: "rows" });
			// A rehearsal would find the second one out before a replica is touched.
			const { output } = await project.set({ version: to, update: unrehearsed }).up();
			await load.stop();
			console.log(output);
			const [timeline = ""] = readdirSync(project.timelines);
			copyFileSync(join(project.timelines, timeline), join(results, file));
		} finally {
			await project.remove();
			await space.close();
		}
	}
});
