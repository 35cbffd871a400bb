import { expect, it, vi } from "vitest";
import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import type { RollEvent } from "../../src/roll/events";
import { roll } from "../../src/roll/roll";
import { RollStopped } from "../../src/roll/stopped";
import type { Timing } from "../../src/roll/timing";
import { stopText } from "../../src/words/stop";
import { setImage } from "./by-hand";
import { environment, Space, send, startCluster, unavailable, versions } from "./harness";
import { kubectl, untilReady } from "./made-by-others";
import { makeTables } from "./tables";

const here = it.skipIf(unavailable !== undefined);
const minute = 60_000;
const two = { shards: 1, replicas: 2 };

type To = (typeof versions)[keyof typeof versions];
interface Act {
	readonly timing?: Partial<Timing>;
	/** What somebody does at an event, once. */
	readonly when?: (event: RollEvent) => boolean;
	readonly act?: () => Promise<unknown>;
}

/** Rolls with a patience that would outlast the test: what is told at once is told for another reason. */
async function rolled(control: KubernetesControl, to: To, { timing, when, act }: Act = {}) {
	let acting: Promise<unknown> | undefined;
	const ended: unknown = await roll({
		control,
		to,
		holder: "the test",
		timing: { drainSeconds: 5, stallSeconds: 3600, ...timing },
		report(event) {
			if (when?.(event) && act !== undefined) acting ??= act();
		},
	}).catch((error: unknown) => error);
	await acting;
	return ended;
}

async function stopOf(rolling: Promise<unknown>) {
	const error = await rolling;
	if (!(error instanceof RollStopped)) throw new Error("it did not stop", { cause: error });
	return { ...error.stop, text: stopText(error.stop) };
}

const comesUp = (event: RollEvent) =>
	event.event === "progress" && event.replica === "db-0-1" && /^(pull|prep|start)/.test(event.phase);

here(
	"a size that others change in the middle of a roll is told at once, and what is advised goes on with it",
	async () => {
		const space = await Space.open();
		try {
			const control = await startCluster(space, { version: versions.v1, ...two });
			const table = await makeTables(space, two);
			await space.queryPod("db-0-0", `INSERT INTO ${table} SELECT number FROM numbers(1000)`);
			const scale = (replicas: number) => kubectl(space, ["scale", "statefulset", "db-0", `--replicas=${replicas}`]);
			/** Does what the message advises. */
			const follow = async (text: string) => {
				const [, command] = /\(kubectl (scale [^)]*)\)/.exec(text) ?? [];
				await kubectl(space, command?.split(" ") ?? []);
				await untilReady(space, ["db-0-0", "db-0-1"]);
			};
			for (const [replicas, words] of [
				[1, "StatefulSet db-0 was scaled to 1 of 2 replicas outside Pulumi."],
				[3, "StatefulSet db-0 was scaled to 3 replicas outside Pulumi, and the cluster has 2."],
				[0, "StatefulSet db-0 was scaled to 0 of 2 replicas outside Pulumi."],
			] as const) {
				// Slow, so that it is still coming up when the size changes; at its next try it goes on with the same version.
				const stop = await stopOf(rolled(control, versions.slow, { when: comesUp, act: () => scale(replicas) }));
				expect(stop.cause).toEqual({ kind: "resized", object: "StatefulSet db-0", replicas, of: 2 });
				expect(stop.text).toContain(words);
				expect(stop).toMatchObject({ replica: "db-0-1", step: 1 });
				expect((await control.record())?.mark).toMatchObject({ to: versions.slow });
				await follow(stop.text);
				if (replicas === 3)
					await vi.waitFor(async () => expect(await space.api.get("pods", "db-0-2")).toBeUndefined(), {
						timeout: minute,
						interval: 500,
					});
				// So that there is another restart to be in the middle of.
				await space.api.delete("pods", "db-0-1");
			}
			const done = await rolled(control, versions.slow);
			expect(done).toMatchObject({ cluster: { state: "Started" } });
			for (const pod of ["db-0-0", "db-0-1"])
				expect(await space.queryPod(pod, `SELECT count() FROM ${table}`)).toBe("1000");
		} finally {
			await space.close();
		}
	},
);

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
