import { expect, it, vi } from "vitest";
import { roll } from "../../src/roll/roll";
import { setImage } from "./by-hand";
import { environment, Space, send, startCluster, unavailable, versions } from "./harness";
import { untilReady } from "./made-by-others";
import { comesUp, rolled, stopOf } from "./stops";

const here = it.skipIf(unavailable !== undefined);
const minute = 60_000;
const two = { shards: 1, replicas: 2 };

here(
	"a version that others set in the middle of a roll is told at once, and set as advised it is gone on with",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1, ...two });
			const stop = await stopOf(
				rolled(control, versions.v3, { when: comesUp, act: () => setImage(space, "db-0", versions.v4) }),
			);
			const image = `${environment.image}:${versions.v4}`;
			expect(stop.cause).toEqual({ kind: "version-set", object: "StatefulSet db-0", image, version: versions.v4 });
			expect(stop.text).toContain(`The image of StatefulSet db-0 was set to ${image} outside Pulumi.`);
			expect(stop.text).toContain(`Next: set version to ${versions.v4} or later`);
			expect(stop.serving).toContainEqual({ replica: "db-0-0", version: versions.v1 });
			expect(await rolled(control, versions.v4)).toMatchObject({
				cluster: { state: "Started", replicas: [{ version: versions.v4 }, { version: versions.v4 }] },
			});
		} finally {
			await space.close();
		}
	},
);

here(
	"a pod that stops within its grace period is waited for, however little patience there is for a standstill",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, {
				version: versions.v1,
				...two,
				settings: space.settings({ gracePeriodSeconds: 90 }),
			});
			// The server waits for each of its queries when it stops, and these don't end in time.
			const query = "SELECT sum(sleep(3)) FROM numbers(100) SETTINGS max_block_size = 1";
			const running = Array.from({ length: 4 }, () => space.queryPod("db-0-1", query).catch(() => {}));
			await vi.waitFor(
				async () =>
					expect(
						await space.queryPod("db-0-1", "SELECT count() FROM system.processes WHERE query LIKE '%sleep(3)%'"),
					).toBe("5"),
				{ timeout: minute, interval: 200 },
			);
			const told: { readonly phase: string; readonly at: number }[] = [];
			const stallSeconds = 15;
			const done = await roll({
				control,
				to: versions.v2,
				holder: "the test",
				timing: { drainSeconds: 1, stallSeconds },
				report(event) {
					if (event.event === "progress" && event.replica === "db-0-1")
						told.push({ phase: event.phase, at: Date.now() });
				},
			});
			expect(done.cluster).toMatchObject({ state: "Started" });
			const stopping = told.findIndex(({ phase }) => phase === "stopping");
			const stopped = (told[stopping + 1]?.at ?? 0) - (told[stopping]?.at ?? 0);
			// Else this says nothing.
			expect(stopped).toBeGreaterThan(stallSeconds * 1000);
			expect(told.filter(({ phase }) => phase === "stopping")).toHaveLength(1);
			await Promise.all(running);
		} finally {
			await space.close();
		}
	},
);

here(
	"what keeps a pod from being made or from a node is told by its kind, and never answered with another image",
	async () => {
		const space = await Space.open();
		try {
			const settings = space.settings();
			const control = await startCluster(space, { version: versions.v1, ...two, settings });
			const core = `/api/v1/namespaces/${space.namespace}`;
			const make = (kind: string, path: string, spec: object) =>
				send(space.api, "POST", `${core}/${path}`, { apiVersion: "v1", kind, metadata: { name: "small" }, spec });
			const timing = { stallSeconds: 10 };

			await make("ResourceQuota", "resourcequotas", { hard: { "requests.memory": "64Mi" } });
			// What is used already is counted some time after the quota was made.
			await vi.waitFor(
				async () => {
					const { text } = await space.api.connection.send({ method: "GET", path: `${core}/resourcequotas/small` });
					expect(JSON.parse(text).status?.used).toEqual({ "requests.memory": "128Mi" });
				},
				{ timeout: minute, interval: 200 },
			);
			const quota = await stopOf(rolled(control, versions.v2, { timing }));
			expect(quota.cause).toMatchObject({ kind: "stalled", cause: "quota" });
			expect(quota.text).toContain("exceeded quota: small");
			expect(quota.text).toContain("Next: raise that quota or limit, or lower kubernetes.resources");
			expect(quota).toMatchObject({ reads: true, writes: true });
			await send(space.api, "DELETE", `${core}/resourcequotas/small`, {});

			await make("LimitRange", "limitranges", { limits: [{ type: "Container", min: { memory: "128Mi" } }] });
			await space.api.delete("pods", "db-0-1");
			const limits = await stopOf(rolled(control, versions.v2, { timing }));
			expect(limits.cause).toMatchObject({ cause: "quota" });
			expect(limits.text).toContain("Next: raise that quota or limit, or lower kubernetes.resources");
			await send(space.api, "DELETE", `${core}/limitranges/small`, {});
			// The controller tries again by itself, and until it has, what it said last was said just now.
			await untilReady(space, ["db-0-0", "db-0-1"]);
			expect(await rolled(control, versions.v2)).toMatchObject({ cluster: { state: "Started" } });

			const nowhere = space.settings({ nodeSelector: { "no-such": "label" } });
			const claim = await control.claim("the test", 600);
			const spec = { name: "db", owner: "project/stack/db", generation: "g1", version: versions.v2, ...two };
			await control.configure(claim, { ...spec, settings: nowhere });
			await control.release(claim);
			const node = await stopOf(rolled(control, versions.v3, { timing }));
			expect(node.cause).toMatchObject({ cause: "scheduling" });
			expect(node.text).toContain(`Next: free capacity on a node that ${node.replica} may run on`);
			for (const { text } of [quota, limits, node]) expect(text).not.toContain("the image");
		} finally {
			await space.close();
		}
	},
);
