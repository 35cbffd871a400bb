import { expect, it, vi } from "vitest";
import { kubernetesPlatform } from "../../src/platforms/kubernetes";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { resolveImage } from "../../src/platforms/kubernetes/ask/images";
import { kubernetesControl } from "../../src/platforms/kubernetes/control";
import { untilState } from "../../src/roll/until-state";
import { v } from "../build";
import { Space, send, startCluster, unavailable } from "./harness";
import { Resource } from "./resource";

const here = it.skipIf(unavailable !== undefined);
const minute = 60_000;
const forward = {
	versions: { list: [{ version: "1.7.1" }, { version: "1.8.0" }] },
	update: { policy: "any", drainSeconds: 5 },
};
const identity = { name: "db", owner: "project/stack/db", generation: "g1", shards: 1, replicas: 2 };

here("a cluster whose first pods can't start is mended by creating it again", async () => {
	const space = await Space.open();
	try {
		const wrong = space.settings({ passwordSecret: { name: "db-password", key: "no-such-key" } });
		const made = kubernetesControl("db", wrong);
		const claim = await made.claim("the test", 600);
		await made.create(claim, { ...identity, version: v("1.8.0"), settings: wrong });
		await expect(untilState(made, "Started")).rejects.toThrow("no-such-key");
		expect((await made.observe())?.replicas.map(({ openedBy }) => openedBy)).toEqual([undefined, undefined]);

		const settings = space.settings();
		const mended = kubernetesControl("db", settings);
		const spec = { ...identity, version: v("1.7.1"), settings };
		await mended.configure(claim, spec);
		await mended.create(claim, spec);
		const { replicas } = await untilState(mended, "Started");
		// Nothing was opened by the first version, so the choice was still free.
		expect(replicas.map(({ version, openedBy }) => [version, openedBy])).toEqual([
			["1.7.1", "1.7.1"],
			["1.7.1", "1.7.1"],
		]);
	} finally {
		await space.close();
	}
});

here("a cluster whose ConfigMaps were all deleted is neither ended nor made anew, and gets a new record", async () => {
	const space = await Space.open();
	const lines = vi.spyOn(console, "log").mockImplementation(() => {});
	try {
		const versions = { list: [{ version: "1.7.1" }, { version: "1.8.0" }] };
		const { name, owner, replicas } = identity;
		const update = { drainSeconds: 5, rehearsal: { policy: "off" } };
		const kubernetes = space.settings({ storage: "1Gi" });
		const db = new Resource({ name, owner, replicas, versions, update, kubernetes, deletionPolicy: "Delete" });
		await db.up({ version: "1.7.1" });
		for (const pod of ["db-0-0", "db-0-1"]) {
			await space.queryPod(pod, "CREATE TABLE rows (n UInt64) ENGINE = Log");
			await space.queryPod(pod, "INSERT INTO rows VALUES (7)");
		}
		const before = await podUids(space);
		for (const { metadata } of await space.api.list<Pod>("configmaps", {}))
			if (metadata.name.startsWith("db-")) await space.api.delete("configmaps", metadata.name);

		const missing = /the ConfigMap db-dbcluster, is missing.*set adopt to true/;
		await expect(db.destroy()).rejects.toThrow(missing);
		expect((await db.preview({ version: "1.8.0" })).refused).toEqual([expect.stringMatching(missing)]);
		await db.refresh();
		expect((await db.preview({ version: "1.8.0" })).refused).toEqual([expect.stringMatching(missing)]);
		expect((await db.preview({ version: "1.8.0", adopt: true })).refused).toEqual([
			expect.stringMatching(/^version: .*Set version to 1\.7\.1/),
		]);
		expect(await db.up({ version: "1.7.1", adopt: true })).toMatchObject({ state: "Started" });
		expect(await podUids(space)).toEqual(before);
		expect((await db.preview({ version: "1.7.1" })).changes).toBe(false);
		expect(await db.up({ version: "1.8.0" })).toMatchObject({
			state: "Started",
			replicaVersions: [{ version: "1.8.0" }, { version: "1.8.0" }],
		});
		expect(await space.queryPod("db-0-0", "SELECT n FROM rows")).toBe("7");
		await db.destroy();
		expect(await space.api.list("statefulsets", {})).toEqual([]);
		expect(await space.api.list("persistentvolumeclaims", {})).toEqual([]);
	} finally {
		lines.mockRestore();
		await space.close();
	}
});

here("other settings restart nothing by themselves, and say which replicas still run without them", async () => {
	const space = await Space.open();
	try {
		const control = await startCluster(space, { version: v("1.7.1") });
		const outdated = async () =>
			((await control.observe())?.replicas ?? []).filter((one) => one.outdated).map(({ name }) => name);
		expect(await outdated()).toEqual([]);
		const settings = space.settings({
			config: { "limits.xml": "<yandex><max_connections>77</max_connections></yandex>" },
		});
		const claim = await control.claim("the test", 600);
		const spec = { ...identity, version: v("1.7.1"), settings };
		expect(await control.assess(spec)).toEqual({
			obstacles: [],
			restarts: ["db-0-0", "db-0-1"],
			joins: [],
			leaves: [],
			rejoins: [],
		});
		const before = await podUids(space);
		await control.configure(claim, spec);
		expect(await podUids(space)).toEqual(before);
		expect(await outdated()).toEqual(["db-0-0", "db-0-1"]);
		await control.restart(claim, "db-0-1", v("1.7.1"));
		await untilState(control, "Started");
		expect(await outdated()).toEqual(["db-0-0"]);
		expect(await control.assess(spec)).toMatchObject({ restarts: ["db-0-0"] });
	} finally {
		await space.close();
	}
});

here("a replica whose next pod a quota refuses comes up once the program asks for less memory", async () => {
	const space = await Space.open();
	const lines = vi.spyOn(console, "log").mockImplementation(() => {});
	try {
		const db = new Resource({ owner: "project/stack/db", name: "db", version: "1.7.1", replicas: 2, ...forward });
		await db.up({ kubernetes: space.given() });
		const metadata = { name: "small" };
		await send(space.api, "POST", `/api/v1/namespaces/${space.namespace}/resourcequotas`, {
			apiVersion: "v1",
			kind: "ResourceQuota",
			metadata,
			spec: { hard: { "requests.memory": "100Mi" } },
		});
		await space.kill("db-0-1");
		await vi.waitFor(
			async () => {
				await db.refresh();
				expect(db.outputs).toMatchObject({ state: "Degraded", replicaVersions: [{ version: "1.7.1" }, {}] });
			},
			{ timeout: 2 * minute, interval: 1000 },
		);
		const resources = { requests: { cpu: "10m", memory: "32Mi" } };
		const { state, replicaVersions } = await db.up({ kubernetes: space.given({ resources }) });
		expect(state).toBe("Started");
		expect(replicaVersions).toEqual(["db-0-0", "db-0-1"].map((name) => ({ name, version: "1.7.1" })));
	} finally {
		lines.mockRestore();
		await space.close();
	}
});

here(
	"StatefulSets that are deleted, scaled to 0 or only half started come back on their volumes by the next up",
	async () => {
		const space = await Space.open();
		const lines = vi.spyOn(console, "log").mockImplementation(() => {});
		try {
			const db = new Resource({ owner: "project/stack/db", name: "db", shards: 2, replicas: 1, ...forward });
			const args = { version: "1.7.1", kubernetes: space.given() };
			await db.up(args);
			const [kept, lost] = ["db-0-0", "db-1-0"] as const;
			await space.queryPod(lost, "CREATE TABLE t (n UInt64) ENGINE = Log");
			await space.queryPod(lost, "INSERT INTO t VALUES (7)");
			const uid = async () => (await space.api.get<Pod>("pods", kept))?.metadata.uid;
			const before = await uid();

			const isBack = async () => {
				expect(await db.up(args)).toMatchObject({
					state: "Started",
					replicaVersions: [kept, lost].map((name) => ({ name, version: "1.7.1" })),
				});
				expect(await space.queryPod(lost, "SELECT n FROM t")).toBe("7");
				expect(await uid()).toBe(before);
			};
			const isAway = () =>
				vi.waitFor(async () => expect(await space.api.get<Pod>("pods", lost)).toBe(undefined), {
					timeout: 2 * minute,
					interval: 500,
				});

			await space.api.delete("statefulsets", "db-1");
			await isAway();
			expect((await db.preview({ ...args, version: "1.8.0" })).refused.join()).toContain(
				"its StatefulSet db-1 is gone",
			);
			expect((await db.preview(args)).inputs.scaled).toMatch(
				/^StatefulSet db-1 was deleted outside Pulumi \(after claim \d+\)$/,
			);
			await isBack();

			await space.api.merge("statefulsets", "db-1", { spec: { replicas: 0 } });
			await isAway();
			expect((await db.preview(args)).inputs.scaled).toMatch(/^StatefulSet db-1 has no replicas while others run/);
			await isBack();

			await db.up({ ...args, desiredState: "Stopped" });
			await space.api.merge("statefulsets", "db-0", { spec: { replicas: 1 } });
			expect(await db.up({ ...args, desiredState: "Started" })).toMatchObject({ state: "Started" });
			expect(await space.queryPod(lost, "SELECT n FROM t")).toBe("7");
		} finally {
			lines.mockRestore();
			await space.close();
		}
	},
);

here("what is wrong with a place is said before anything is made", { timeout: minute }, async () => {
	const space = await Space.open();
	try {
		const said = async (settings: ReturnType<Space["settings"]>, version = "1.8.0", digest?: string) => {
			const pin = digest === undefined ? undefined : { version: v(version), digest };
			const found = await kubernetesPlatform.obstacles({ ...identity, version: v(version), settings }, pin);
			return found.map(({ property, reason }) => `${property}: ${reason}`);
		};
		expect(await said(space.settings())).toEqual([]);
		expect((await said(space.settings(), "1.7.99")).join()).toMatch(/^version: image .*:1\.7\.99 does not exist/);
		const digest = (await resolveImage(space.settings().image, v("1.8.0"))).reference.split("@")[1] ?? "";
		const wrong = `sha256:${"0".repeat(64)}`;
		expect(await said(space.settings(), "1.8.0", digest)).toEqual([]);
		expect((await said(space.settings(), "1.8.0", wrong)).join()).toMatch(
			new RegExp(`^version: the registry has .*:1\\.8\\.0 with the digest ${digest}, but version asks for ${wrong}`),
		);
		expect((await said(space.settings({ namespace: "default" }))).join()).toContain("forbids this request");
		expect((await said(space.settings({ passwordSecret: { name: "db-password", key: "x" } }))).join()).toContain(
			"no key 'x'",
		);
		const nowhere = await said({ ...space.settings(), kubeconfig: "/no/such/file" });
		expect(nowhere.join()).toContain("/no/such/file can't be read (ENOENT)");
		const other = await said({ ...space.settings(), context: "prod" });
		expect(other.join()).toContain("no context 'prod'; it has test");
		const metadata = { name: "db-config" };
		await space.api.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { mine: "1" } });
		expect(await said(space.settings())).toEqual([
			`name: the namespace ${space.namespace} has a ConfigMap db-config that does not belong to this cluster: choose another name, or remove it first`,
		]);
	} finally {
		await space.close();
	}
});

async function podUids(space: Space): Promise<(string | undefined)[]> {
	return (await space.api.list<Pod>("pods", {})).map(({ metadata }) => metadata.uid);
}
