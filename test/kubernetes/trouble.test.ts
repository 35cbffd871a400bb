import { expect, it } from "vitest";
import { Claimed } from "../../src/control/errors";
import { known } from "../../src/core/question";
import { decide } from "../../src/core/rules";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { roll } from "../../src/roll/roll";
import { untilState } from "../../src/roll/until-state";
import { setImage } from "./by-hand";
import { Space, startCluster, unavailable, versions } from "./harness";
import { Sampler } from "./sampler";
import { allReplicas } from "./tables";

const here = it.skipIf(unavailable !== undefined);
const two = { shards: 1, replicas: 2 };

here(
	"of two rolls at once one wins and the other is told; what was updated behind Pulumi's back is seen and never undone",
	async () => {
		const space = await Space.open();
		try {
			const settings = space.settings();
			const control = await startCluster(space, { version: versions.v1, ...two, settings });
			const uid = async (pod: string) => (await space.api.get<Pod>("pods", pod))?.metadata.uid;
			const pods = () => Promise.all(allReplicas(two).map(uid));
			const sampler = Sampler.start(space, "db", allReplicas(two));
			const contest = await Promise.allSettled(
				["ann", "ben"].map((holder) =>
					roll({ control: space.control(settings), to: versions.v2, holder, timing: { claimWaitSeconds: 0 } }),
				),
			);
			await sampler.stop();
			const winner = contest.findIndex(({ status }) => status === "fulfilled");
			const loser = contest[1 - winner];
			expect(loser).toMatchObject({ status: "rejected", reason: expect.any(Claimed) });
			expect(loser).toMatchObject({ reason: { holder: ["ann", "ben"][winner] } });
			expect(sampler.mostUnready).toBe(1);
			expect(sampler.replaced).toEqual(["db-0-1", "db-0-0"]);

			await setImage(space, "db-0", versions.v3);
			await space.api.delete("pods", "db-0-1");
			const [untouched, replaced] = await pods();
			const cluster = await untilState(control, "Started");
			expect(cluster.replicas.map(({ version, openedBy }) => [version, openedBy])).toEqual([
				[versions.v2, versions.v2],
				[versions.v3, versions.v3],
			]);
			const question = { cluster: known(cluster), catalogue: known([]), policy: "any" as const };
			const refusals = decide({ ...question, target: versions.v2 });
			expect(refusals.map(({ rule }) => rule)).toContain("no-downgrade");
			const before = await pods();
			for (const to of [versions.v1, versions.v2])
				await expect(roll({ control, to, holder: "the test" })).rejects.toThrow("never goes back");
			expect(await pods()).toEqual(before);
			expect(before[0]).toBe(untouched);
			expect(before[1]).not.toBe(replaced);

			const { steps } = await roll({ control, to: versions.v3, holder: "the test" });
			expect(steps).toBe(1);
			const after = await pods();
			expect(after[0]).not.toBe(before[0]);
			expect(after[1]).toBe(before[1]);
			expect((await control.observe())?.replicas.map(({ version }) => version)).toEqual([versions.v3, versions.v3]);
		} finally {
			await space.close();
		}
	},
);
