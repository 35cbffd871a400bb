import { expect, it } from "vitest";
import type { Pod, StatefulSet } from "../../src/platforms/kubernetes/api/types";
import { roll } from "../../src/roll/roll";
import { untilState } from "../../src/roll/until-state";
import { v } from "../build";
import { environment, Space, startCluster, unavailable } from "./harness";

const here = it.skipIf(unavailable !== undefined);

here("a pod that is lost in the middle of a roll comes back with the new version", async () => {
	const space = await Space.open();
	try {
		const control = await startCluster(space, { version: v("1.7.1") });
		const claim = await control.claim("the test", 600);
		await control.restart(claim, "db-0-1", v("1.8.0"));
		await control.release(claim);
		await untilState(control, "Started");
		const versions = async () => (await control.observe())?.replicas.map(({ version }) => version);
		expect(await versions()).toEqual(["1.7.1", "1.8.0"]);
		await space.kill("db-0-0");
		await untilState(control, "Started");
		expect(await versions()).toEqual(["1.8.0", "1.8.0"]);
		expect((await control.record())?.openedBy).toEqual({ "db-0-0": "1.8.0", "db-0-1": "1.8.0" });
	} finally {
		await space.close();
	}
});

here("what others write to the template after a drain has prepared it does not come up", async () => {
	const space = await Space.open();
	try {
		const control = await startCluster(space, { version: v("1.7.1") });
		const claim = await control.claim("the test", 600);
		await control.drain(claim, "db-0-1", v("1.8.0"));
		const [server] = (await space.api.get<StatefulSet>("statefulsets", "db-0"))?.spec.template.spec.containers ?? [];
		expect(server?.image).toContain("1.8.0");
		const containers = [{ ...server, image: `${environment.image}:1.8.1` }];
		await space.api.merge("statefulsets", "db-0", { spec: { template: { spec: { containers } } } });
		await control.restart(claim, "db-0-1", v("1.8.0"));
		await control.release(claim);
		await untilState(control, "Started");
		expect((await control.observe())?.replicas.map(({ version }) => version)).toEqual(["1.7.1", "1.8.0"]);
	} finally {
		await space.close();
	}
});

here("ON CLUSTER answers before and after a roll", async () => {
	const space = await Space.open();
	try {
		const control = await startCluster(space, { version: v("1.7.1") });
		const everywhere = (table: string) =>
			space.queryPeers(
				"db-0-0",
				`CREATE TABLE IF NOT EXISTS ${table} ON CLUSTER db (n UInt64) ENGINE = Memory`,
				(said) => expect(said.split("\n").filter((line) => /\t0\t/.test(line))).toHaveLength(2),
			);
		await everywhere("a");
		await roll({ control, to: v("1.8.0"), holder: "the test" });
		await everywhere("b");
		for (const pod of ["db-0-0", "db-0-1"]) expect(await space.queryPod(pod, "EXISTS TABLE b")).toBe("1");
	} finally {
		await space.close();
	}
});

here("what never started takes nothing from what runs, and may be given up", async () => {
	const space = await Space.open();
	try {
		const control = await startCluster(space, { version: v("1.7.1") });
		const before = await space.api.list<Pod>("pods", {});
		await expect(roll({ control, to: v("1.7.99"), holder: "the test" })).rejects.toThrow("1.7.99");
		expect((await control.observe())?.state).toBe("Started");
		expect((await control.record())?.mark).toBeUndefined();
		const uids = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid);
		expect(uids(await space.api.list<Pod>("pods", {}))).toEqual(uids(before));
	} finally {
		await space.close();
	}
});
