import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outcomeOf, type Rehearsal } from "../../src/core/rehearsal";
import type { DbVersion } from "../../src/core/version";
import type { KubeObject, Pod, StatefulSet } from "../../src/platforms/kubernetes/api/types";
import { loginOf, readCredentials, Server } from "../../src/platforms/kubernetes/ask/server";
import type { KubernetesControl } from "../../src/platforms/kubernetes/control";
import { trialPod } from "../../src/platforms/kubernetes/trial/pod";
import { inParallel } from "../../src/rehearsal/parallel";
import { rehearsing } from "../../src/rehearsal/rehearse";
import { Space, send, startCluster, unavailable, versions } from "./harness";
import { alienImage, shelllessImage } from "./mixed";

describe.skipIf(unavailable !== undefined)("a version that is rehearsed", () => {
	let space: Space;
	let control: KubernetesControl;
	let before: string[];

	const pods = async () =>
		(await space.api.list<Pod>("pods", {})).map(({ metadata }) => `${metadata.name} ${metadata.uid}`).sort();
	const rehearsed = async (to: DbVersion, { stallSeconds = 300, again = true } = {}) => {
		const claim = await control.claim("the test", 600);
		const use = rehearsing({ from: versions.v1, to, queries: 200, again, now: Date.now() });
		return control.rehearse(claim, to, stallSeconds, use).finally(() => control.release(claim));
	};
	const nothingTouched = async (found: Rehearsal | undefined) => {
		expect(await pods()).toEqual(before);
		expect((await control.record())?.rehearsed).toEqual(found);
	};

	beforeAll(async () => {
		space = await Space.open();
		control = await startCluster(space, { version: versions.v1 });
		for (const pod of ["db-0-0", "db-0-1"]) {
			await space.queryPod(pod, "CREATE DATABASE other");
			await space.queryPod(
				pod,
				`CREATE TABLE other.r (d Date, x UInt64) ENGINE = ReplicatedMergeTree('/${space.namespace}/other', '{replica}', d, (x), 8192)`,
			);
			await space.queryPod(pod, "CREATE TABLE l (x UInt64) ENGINE = Log");
			await space.queryPod(pod, "CREATE VIEW v AS SELECT x FROM l");
			await space.queryPod(
				pod,
				"CREATE MATERIALIZED VIEW m ENGINE = MergeTree PARTITION BY tuple() ORDER BY x AS SELECT x FROM l",
			);
		}
		before = await pods();
	});
	afterAll(() => space?.close());

	test("starts beside the cluster with its tables, is recorded, and leaves nothing", async () => {
		const found = await rehearsed(versions.v2);
		expect(found && outcomeOf(found)).toBe("passed");
		expect(found?.places).toEqual([{ name: expect.any(String), replicas: ["db-0-0", "db-0-1"] }]);
		expect(found?.tables).toEqual({
			loaded: 4,
			refused: { count: 0, first: [] },
			notCreated: { count: 0, first: [] },
			skipped: 0,
		});
		await nothingTouched(found);
		expect(await rehearsed(versions.v2, { again: false })).toBeUndefined();
	});

	test("and exits at its start is found out with no replica touched", async () => {
		const found = await rehearsed(versions.crash);
		expect(found && outcomeOf(found)).toBe("failed");
		expect(found?.failure).toMatchObject({ cause: "exits", words: expect.stringContaining("last words") });
		await nothingTouched(found);
	});

	test("is tried with settings before they are stored: those with which it does not start change nothing", async () => {
		const ours = async () => {
			const maps = await space.api.list<KubeObject & { data: object }>("configmaps", {});
			const [set] = await space.api.list<StatefulSet>("statefulsets", {});
			const files = maps.find(({ metadata }) => metadata.name === "db-config")?.data;
			return { maps: maps.map(({ metadata }) => metadata.name), files, template: set?.spec.template };
		};
		const stored = await ours();
		const outcomes: unknown[] = [];
		for (const value of ["oops", "7"]) {
			const file = `<yandex><max_concurrent_queries>${value}</max_concurrent_queries></yandex>`;
			const other = space.control(space.settings({ config: { "a.xml": file } }));
			const claim = await other.claim("the test", 600);
			const use = rehearsing({ from: versions.v1, to: versions.v1, queries: 0, again: true, now: Date.now() });
			const found = await other.rehearse(claim, versions.v1, 300, use).finally(() => other.release(claim));
			outcomes.push(found && outcomeOf(found), found?.failure?.cause);
			await nothingTouched(found);
			expect(await ours()).toEqual(stored);
		}
		expect(outcomes).toEqual(["failed", "exits", "passed", undefined]);
	});

	test("and never answers is found out with no replica touched", async () => {
		const found = await rehearsed(versions.hang, { stallSeconds: 10 });
		expect(found && outcomeOf(found)).toBe("failed");
		expect(found?.failure?.words).toContain("shows no progress for 10 seconds");
		await nothingTouched(found);
	});

	// A proxy that is done with a statement's body after the server has answered it cuts the answer.
	test("gets an answer to each of thousands of statements in a row", async () => {
		const pod = await space.api.get<Pod>("pods", "db-0-0");
		const login = pod && loginOf(pod);
		const server = new Server(space.api, "db-0-0", login && (await readCredentials(space.api, login)));
		await inParallel(Array.from({ length: 3000 }), () => server.run("SELECT 1"));
	});

	test("and starts slowly passes", async () => {
		const found = await rehearsed(versions.slow);
		expect(found && outcomeOf(found)).toBe("passed");
		await nothingTouched(found);
	});

	test("is left out where a quota has no room for its pod", async () => {
		const quotas = `/api/v1/namespaces/${space.namespace}/resourcequotas`;
		const metadata = { name: "full" };
		await send(space.api, "POST", quotas, {
			apiVersion: "v1",
			kind: "ResourceQuota",
			metadata,
			spec: { hard: { pods: "2" } },
		});
		try {
			await expect
				.poll(() => rehearsed(versions.v2), { timeout: 60_000 })
				.toMatchObject({
					leftOut: expect.stringContaining("exceeded quota"),
				});
			expect(await pods()).toEqual(before);
		} finally {
			await send(space.api, "DELETE", `${quotas}/full`, {});
		}
	});

	test("is left out where a policy wants of pods what a replica has and its pod has not, and fails where it forbids the version", async () => {
		const of = (name: string, expression: string) => ({
			name: `${space.namespace}-${name}`,
			spec: {
				matchConstraints: {
					resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
					namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": space.namespace } },
				},
				validations: [{ expression, message: `the policy of the test: ${name}` }],
			},
		});
		const forbidding = async (name: string, expression: string) => {
			const policy = of(name, expression);
			const apiVersion = "admissionregistration.k8s.io/v1";
			const path = `/apis/${apiVersion}/validatingadmission`;
			const binding = { policyName: policy.name, validationActions: ["Deny"] };
			const metadata = { name: policy.name };
			await send(space.api, "POST", `${path}policies`, {
				apiVersion,
				kind: "ValidatingAdmissionPolicy",
				metadata,
				spec: policy.spec,
			});
			await send(space.api, "POST", `${path}policybindings`, {
				apiVersion,
				kind: "ValidatingAdmissionPolicyBinding",
				metadata,
				spec: binding,
			});
			return async () => {
				await send(space.api, "DELETE", `${path}policybindings/${policy.name}`, {});
				await send(space.api, "DELETE", `${path}policies/${policy.name}`, {});
			};
		};
		const allow = await forbidding("label", "'pulumi-dbcluster/shard' in object.metadata.labels");
		try {
			await expect
				.poll(() => rehearsed(versions.v2), { timeout: 60_000 })
				.toMatchObject({ leftOut: expect.stringContaining("the policy of the test: label") });
		} finally {
			await allow();
		}
		const any = await forbidding("image", `object.spec.containers.all(c, !c.image.contains('${versions.v2}'))`);
		try {
			await expect
				.poll(() => rehearsed(versions.v2), { timeout: 60_000 })
				.toMatchObject({
					failure: { cause: "admission", words: expect.stringContaining("the policy of the test: image") },
				});
		} finally {
			await any();
		}
		expect(await pods()).toEqual(before);
	});

	test("has its settings also in a folder that is one ConfigMap, into which no file can be mounted", async () => {
		const folder = "/etc/clickhouse-server";
		const { uid = "", name } = (await space.api.get<Pod>("configmaps", "db-dbcluster"))?.metadata ?? {};
		await space.api.create("configmaps", {
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata: { name: "whole" },
			data: { "config.xml": "<own/>" },
		} as KubeObject);
		const [set] = await space.api.list<StatefulSet>("statefulsets", {});
		const { template } = set?.spec ?? {};
		const [server] = template?.spec.containers ?? [];
		const files = ["config.xml", "config.d/zz-dbcluster-trial.xml"].map((file) => `${folder}/${file}`);
		const whole = {
			...server,
			command: ["cat", ...files],
			volumeMounts: [{ name: "whole", mountPath: folder }],
			envFrom: [],
		};
		const spec = { ...template?.spec, containers: [whole], volumes: [{ name: "whole", configMap: { name: "whole" } }] };
		const pod = trialPod({
			cluster: "db",
			owner: { uid },
			set: {
				metadata: { name: "db-0" },
				spec: { replicas: 1, template: { ...template, spec } },
			} as unknown as StatefulSet,
			image: { reference: server?.image ?? "" },
			node: (await space.api.get<Pod>("pods", "db-0-0"))?.spec.nodeName,
			index: 9,
			what: "start",
			configFolder: `${folder}/config.d`,
			settings: "<trial/>",
			httpPort: 8123,
		});
		expect(name).toBe("db-dbcluster");
		await space.api.create("pods", pod);
		await expect
			.poll(async () => (await space.api.get<Pod>("pods", pod.metadata.name))?.status?.phase, { timeout: 60_000 })
			.toBe("Succeeded");
		const said = await space.api.log(pod.metadata.name, server?.name ?? "", { lines: 10, previous: false });
		expect(said).toBe("<own/><trial/>");
		await space.api.delete("pods", pod.metadata.name);
		await expect.poll(pods, { timeout: 60_000 }).toEqual(before);
	});

	test("is left out where no pods may be created", async () => {
		const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${space.namespace}/roles/pulumi`;
		const { connection } = space.api;
		const role = JSON.parse((await connection.send({ method: "GET", path })).text);
		const rules = role.rules.filter(
			({ resources, verbs }: { resources: string[]; verbs: string[] }) =>
				!(resources.includes("pods") && verbs.includes("create")),
		);
		expect(rules.length).toBe(role.rules.length - 1);
		const headers = { "content-type": "application/merge-patch+json" };
		await connection.send({ method: "PATCH", path, headers, body: JSON.stringify({ rules }) });
		await expect
			.poll(() => rehearsed(versions.v2), { timeout: 60_000 })
			.toMatchObject({
				leftOut: expect.stringContaining('cannot create resource "pods"'),
			});
		expect(await pods()).toEqual(before);
		await connection.send({ method: "PATCH", path, headers, body: JSON.stringify({ rules: role.rules }) });
	});

	test("removes what a killed rehearsal left", async () => {
		const claim = await control.claim("the test", 600);
		const abandoned = control.rehearse(claim, versions.hang, 600, async (trial) => {
			await trial.start();
			return undefined;
		});
		abandoned.catch(() => {});
		await expect.poll(async () => (await pods()).length, { timeout: 60_000 }).toBe(before.length + 1);
		await control.release(claim);
		const found = await rehearsed(versions.v2);
		expect(found && outcomeOf(found)).toBe("passed");
		await expect(abandoned).rejects.toThrow("was deleted outside Pulumi");
		await nothingTouched(found);
	});

	test("that is asked to end waits no longer, and leaves nothing", async () => {
		const claim = await control.claim("the test", 600);
		const asking = new AbortController();
		const ended = control.rehearse(claim, versions.hang, 600, async (trial) => {
			await trial.start(asking.signal);
			return undefined;
		});
		await expect.poll(async () => (await pods()).length, { timeout: 60_000 }).toBe(before.length + 1);
		asking.abort();
		expect(await ended.finally(() => control.release(claim))).toBeUndefined();
		expect(await pods()).toEqual(before);
	});

	test("of a stopped cluster tries only the start", async () => {
		const claim = await control.claim("the test", 600);
		await control.stop(claim);
		await control.release(claim);
		await expect.poll(async () => (await pods()).length, { timeout: 120_000 }).toBe(0);
		const found = await rehearsed(versions.v2);
		expect(found && outcomeOf(found)).toBe("passed");
		expect(found?.tables).toBeUndefined();
		expect(await pods()).toEqual([]);
	});

	test("and is only for another architecture is found out before its replica is touched", async () => {
		const settings = space.settings({ image: await alienImage() });
		const alien = await startCluster(space, { name: "alien", version: versions.v1, replicas: 1, settings });
		const its = await pods();
		const claim = await alien.claim("the test", 600);
		const use = rehearsing({ from: versions.v1, to: versions.v2, queries: 0, now: Date.now() });
		const found = await alien.rehearse(claim, versions.v2, 300, use).finally(() => alien.release(claim));
		expect(found?.failure).toMatchObject({ cause: "image", words: expect.stringMatching(/no match for platform/) });
		expect(await pods()).toEqual(its);
	});

	test("and has no shell is found out before its replica is touched, which would never be ready", async () => {
		const settings = space.settings({ image: await shelllessImage() });
		const cluster = await startCluster(space, { name: "shellless", version: versions.v1, replicas: 1, settings });
		const its = await pods();
		const claim = await cluster.claim("the test", 600);
		const use = rehearsing({ from: versions.v1, to: versions.v2, queries: 0, now: Date.now() });
		const found = await cluster.rehearse(claim, versions.v2, 300, use).finally(() => cluster.release(claim));
		const words = /^its image runs no shell, which the startup probe of each replica needs: .*"sh"/;
		expect(found?.failure).toMatchObject({ cause: "image", words: expect.stringMatching(words) });
		expect(await pods()).toEqual(its);
	});
});
