import { expect, it } from "vitest";
import { roll } from "../../src/roll/roll";
import { Space, unavailable, versions } from "./harness";
import { allReplicas, expectRows } from "./tables";
import { startWatched } from "./watched";

// For a release: it waits for three replicas. test/roll has its like among its fault schedules.
const here = it.skipIf(unavailable !== undefined);
const three = { shards: 1, replicas: 3 };

here("a pod that is lost while another is updated is waited for: no third one is taken down meanwhile", async () => {
	const space = await Space.open();
	try {
		const { control, sampler, stop } = await startWatched(space, three);
		let lost: Promise<void> | undefined;
		const drained: { readonly replica: string; readonly at: number }[] = [];
		const { cluster } = await roll({
			control,
			to: versions.v2,
			holder: "the test",
			timing: { drainSeconds: 10 },
			report(event) {
				if (event.event === "progress" && event.replica === "db-0-2") lost ??= space.kill("db-0-0");
				if (event.event === "draining") drained.push({ replica: event.replica, at: Date.now() });
			},
		});
		await lost;
		const seen = await stop();

		expect(lost).toBeDefined();
		expect(cluster).toMatchObject({ state: "Started" });
		expect(cluster.replicas.map(({ version }) => version)).toEqual(allReplicas(three).map(() => versions.v2));
		// The lost one and the one that was being updated; never the last.
		expect(sampler.mostUnready).toBe(2);
		expect(sampler.mostOut).toBe(2);
		// The lost one came back with the new version: it is not restarted once more.
		expect(drained.map(({ replica }) => replica)).toEqual(["db-0-2", "db-0-1"]);
		expect([...sampler.replaced].sort()).toEqual(allReplicas(three));
		for (const { replica, at } of drained) expect(sampler.outAfter(at)?.filter((name) => name !== replica)).toEqual([]);
		await expectRows(space, three, seen);
	} finally {
		await space.close();
	}
});
