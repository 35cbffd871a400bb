import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import type { DbVersion } from "../../src/core/version";
import { Api } from "../../src/platforms/kubernetes/api/api";
import { connect } from "../../src/platforms/kubernetes/api/connection";
import type { Pod } from "../../src/platforms/kubernetes/api/types";
import { type KubernetesControl, kubernetesControl } from "../../src/platforms/kubernetes/control";
import { type KubernetesSettings, readSettings } from "../../src/platforms/kubernetes/render/settings-schema";
import { untilState } from "../../src/roll/until-state";
import { v } from "../build";
import { credentials, queryAt } from "./query";

/**
 * What the tests need of a real cluster: a KUBECONFIG that may make namespaces, images, a Keeper, and a NodePort that is
 * reachable on 127.0.0.1 (as with kind and port mappings, or a node on this machine). And kubectl, and Helm or a Go that
 * compiles it, on PATH.
 */
export const environment = {
	kubeconfig: process.env.KUBECONFIG,
	/** Repository of the images; its tags are the {@link versions}. */
	image: process.env.DBCLUSTER_TEST_IMAGE ?? "127.0.0.1:5000/myscaledb",
	/** The image of a current server (ClickHouse 26.7), in the registry of `image`; without it those tests are left out. */
	current: process.env.DBCLUSTER_TEST_CURRENT,
	keeper: process.env.DBCLUSTER_TEST_KEEPER ?? "10.244.0.1:2181",
	/** The root element of the settings of the server in these images. */
	configRoot: process.env.DBCLUSTER_TEST_CONFIG_ROOT ?? "yandex",
	/** A command that ends the API server, starts it again and returns when it answers; without it that is not tested. */
	restartApi: process.env.DBCLUSTER_TEST_RESTART_API,
	/** The same of the node's container runtime; only the whole matrix of faults needs it. */
	restartContainerd: process.env.DBCLUSTER_TEST_RESTART_CONTAINERD,
};

/** Every image that the tests use, by its tag: all of one real server, but for what three of them do at their start. */
export const versions = {
	/** Older than the first version that is updated in place. */
	old: v("0.9.1.4"),
	v1: v("1.7.1"),
	/** Ends with exit code 1 at its start, after a last word on stderr. */
	crash: v("1.7.9"),
	v2: v("1.8.0"),
	v3: v("1.8.1"),
	v4: v("1.8.2"),
	/** Says something on stderr and never listens. */
	hang: v("1.8.7"),
	/** Begins to start after 20 seconds. */
	slow: v("1.8.8"),
	/** There is no such image. */
	missing: v("1.8.99"),
} as const;

export const unavailable =
	environment.kubeconfig === undefined ? "KUBECONFIG is not set: these tests need a real cluster" : undefined;

export const noCurrent =
	environment.current === undefined
		? "DBCLUSTER_TEST_CURRENT is not set: these tests need an image of a current server"
		: undefined;

const { user, password } = credentials;

/** Ports below those that Linux gives to clients and Kubernetes to Services, and above those of its own processes. */
const firstPort = 12_000;
const portCount = 17_000;
let ports = Math.floor(Math.random() * portCount);
const nextPort = () => firstPort + (ports++ % portCount);

/**
 * A namespace of its own for one test, under the restricted Pod Security, with the password's Secret. What is tested
 * reaches it with the Role of examples/kubernetes and no other right.
 */
export class Space {
	private constructor(
		readonly namespace: string,
		/** An administrator's. */
		readonly api: Api,
		/** The content of a kubeconfig with the Role. */
		private readonly kubeconfig: string,
	) {}

	static async open(): Promise<Space> {
		const namespace = `dbcluster-test-${randomBytes(4).toString("hex")}`;
		const api = new Api(connect({ kubeconfig: environment.kubeconfig }), namespace);
		await send(api, "POST", "/api/v1/namespaces", {
			apiVersion: "v1",
			kind: "Namespace",
			metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
		});
		await send(api, "POST", `/api/v1/namespaces/${namespace}/secrets`, {
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name: "db-password" },
			stringData: { password },
		});
		const kubeconfig = await kubeconfigWithRole(api, "pulumi");
		// The API server's authorizer sees a binding a moment after the server has stored it.
		const bound = new Api(connect({ kubeconfig }), namespace);
		await vi.waitFor(() => bound.list("configmaps", {}), { timeout: 60_000, interval: 50 });
		return new Space(namespace, api, kubeconfig);
	}

	/** The content of a kubeconfig with the Role's verbs get and list only. */
	async reader(): Promise<string> {
		const kubeconfig = await kubeconfigWithRole(this.api, "reader", ["get", "list"]);
		const bound = new Api(connect({ kubeconfig }), this.namespace);
		await vi.waitFor(() => bound.list("configmaps", {}), { timeout: 60_000, interval: 50 });
		return kubeconfig;
	}

	/** Settings for a small cluster here, as a user would write them. */
	given(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
		return {
			namespace: this.namespace,
			image: environment.image,
			kubeconfig: this.kubeconfig,
			storage: "1Gi",
			resources: { requests: { cpu: "10m", memory: "64Mi" } },
			keeper: [environment.keeper],
			user,
			passwordSecret: { name: "db-password" },
			service: { type: "NodePort" },
			configRoot: environment.configRoot,
			gracePeriodSeconds: 40,
			...more,
		};
	}

	/** Arguments of a small KubernetesDbCluster here. */
	component(): Record<string, unknown> {
		const { keeper, passwordSecret, ...given } = this.given();
		return { ...given, version: "1.7.1", keeper: { hosts: keeper }, update: { policy: "any", drainSeconds: 5 } };
	}

	/** Settings for a small cluster here, read. */
	settings(more: Readonly<Record<string, unknown>> = {}): KubernetesSettings {
		const read = readSettings(this.given(more));
		if ("problems" in read) throw new Error(JSON.stringify(read.problems));
		return read.settings;
	}

	/** The client Service's HTTP interface, as a NodePort on this machine. */
	async endpoint(cluster: string): Promise<string> {
		interface Service {
			readonly spec: { readonly ports: readonly { readonly name: string; readonly nodePort?: number }[] };
		}
		const service = await this.api.get<Service>("services", cluster);
		const port = service?.spec.ports.find(({ name }) => name === "http")?.nodePort;
		if (port === undefined) throw new Error(`the Service ${cluster} has no NodePort`);
		return `http://127.0.0.1:${port}`;
	}

	/**
	 * One query through the client Service, on a connection of its own.
	 *
	 * Linux remembers for two minutes that a connection was not the proxy's, and then whoever is given the same port for
	 * another one is refused too, so after a load that met a Service without endpoints. These come from ports that no client
	 * is ever given, each once.
	 */
	async query(cluster: string, sql: string, body?: string): Promise<string> {
		return queryAt(await this.endpoint(cluster), sql, body, { localPort: nextPort() });
	}

	/**
	 * Resolves when the client Service can be reached. A node's proxy learns of the endpoints of a cluster that has just
	 * started a moment after the API server, and until then refuses connections to it.
	 */
	async reachable(cluster: string): Promise<void> {
		await vi.waitFor(() => this.query(cluster, "SELECT 1"), { timeout: 30_000, interval: 50 });
	}

	/** One query to one replica, through the API server. */
	async queryPod(pod: string, sql: string): Promise<string> {
		const headers = { "x-clickhouse-user": user, "x-clickhouse-key": password };
		const path = `/?${new URLSearchParams({ query: sql })}`;
		const answer = await this.api.proxy(pod, 8123, { method: "POST", path, headers, timeout: 60_000 });
		if (answer.status !== 200) throw new Error(answer.text);
		return answer.text.trimEnd();
	}

	/**
	 * One statement to one replica that looks up the names of others, which may be run again. A DNS server learns of a pod
	 * a moment after the API server, and keeps in mind for some seconds that there was none.
	 *
	 * @param expected throws while the answer is not yet what it will be.
	 */
	async queryPeers(pod: string, sql: string, expected: (answer: string) => void = () => {}): Promise<void> {
		const ask = async () => expected(await this.queryPod(pod, sql));
		await vi.waitFor(ask, { timeout: 60_000, interval: 500 });
	}

	/** Ends a pod at once, as a lost node would. */
	async kill(pod: string): Promise<void> {
		const found = await this.api.get<Pod>("pods", pod);
		if (found === undefined) return;
		await send(this.api, "DELETE", `/api/v1/namespaces/${this.namespace}/pods/${pod}`, {
			gracePeriodSeconds: 0,
			preconditions: { uid: found.metadata.uid },
		});
	}

	/** The cluster `db` as a process of its own reaches it: shares no memory with others. */
	control(settings = this.settings()): KubernetesControl {
		return kubernetesControl("db", settings);
	}

	/** Scales to zero and says so, as the README tells idlers to. */
	async idle(cluster: string): Promise<void> {
		for (const { metadata } of await this.api.list<Pod>("statefulsets", {
			labels: `pulumi-dbcluster/cluster=${cluster}`,
		}))
			await this.api.merge("statefulsets", metadata.name, {
				metadata: { annotations: { "pulumi-dbcluster/idle": "true" } },
				spec: { replicas: 0 },
			});
	}

	/** Keeper holds all that it is told in memory, and forgets a table only when that is dropped. */
	private async dropTables(): Promise<void> {
		const pods = await this.api.list<Pod>("pods", { labels: "pulumi-dbcluster/cluster" });
		const ready = pods.filter(({ status }) => status?.containerStatuses?.every((each) => each.ready));
		const drop = async (pod: string) => {
			const tables = await this.queryPod(pod, "SELECT name FROM system.tables WHERE engine LIKE 'Replicated%'");
			for (const table of tables.split("\n").filter((name) => name !== ""))
				await this.queryPod(pod, `DROP TABLE ${table}`);
		};
		// A test that failed may leave servers that can't.
		await Promise.allSettled(ready.map(({ metadata }) => drop(metadata.name)));
	}

	/** Removes the namespace with all that is in it; does not wait for its end. */
	async close(): Promise<void> {
		await this.dropTables();
		// Pods that nobody needs any more need not stop in peace.
		for (const { metadata } of await this.api.list<Pod>("statefulsets", {}))
			await this.api.delete("statefulsets", metadata.name);
		for (const { metadata } of await this.api.list<Pod>("pods", {})) await this.kill(metadata.name);
		await send(this.api, "DELETE", `/api/v1/namespaces/${this.namespace}`, {});
	}
}

export async function send(api: Api, method: "POST" | "DELETE", path: string, body: object): Promise<string> {
	const headers = { "content-type": "application/json" };
	const answer = await api.connection.send({ method, path, body: JSON.stringify(body), headers });
	if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409) throw new Error(answer.text);
	return answer.text;
}

/** Makes a ServiceAccount with the Role of examples/kubernetes, or some of its verbs, and a kubeconfig of it. */
async function kubeconfigWithRole(api: Api, name: string, only?: readonly string[]): Promise<string> {
	// It holds ES modules only, and types for them; the tests are CommonJS.
	const { KubeConfig, loadYaml } = require("@kubernetes/client-node");
	const role = loadYaml(readFileSync(join(__dirname, "../../examples/kubernetes/role.yaml"), "utf8"));
	const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${api.namespace}`;
	const accounts = `/api/v1/namespaces/${api.namespace}/serviceaccounts`;
	role.metadata.name = name;
	for (const rule of role.rules) rule.verbs = rule.verbs.filter((verb: string) => only?.includes(verb) ?? true);
	role.rules = role.rules.filter(({ verbs }: { verbs: string[] }) => verbs.length > 0);
	await send(api, "POST", `${rbac}/roles`, role);
	await send(api, "POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
	await send(api, "POST", `${rbac}/rolebindings`, {
		apiVersion: "rbac.authorization.k8s.io/v1",
		kind: "RoleBinding",
		metadata: { name },
		roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
		subjects: [{ kind: "ServiceAccount", name, namespace: api.namespace }],
	});
	const { status } = JSON.parse(
		await send(api, "POST", `${accounts}/${name}/token`, {
			apiVersion: "authentication.k8s.io/v1",
			kind: "TokenRequest",
			spec: { expirationSeconds: 3600 },
		}),
	);
	const config = new KubeConfig();
	config.loadFromFile(environment.kubeconfig);
	const { server, caFile, caData } = config.getCurrentCluster();
	const authority = caData ?? readFileSync(caFile).toString("base64");
	return JSON.stringify({
		apiVersion: "v1",
		kind: "Config",
		clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority } }],
		users: [{ name: "pulumi", user: { token: status.token } }],
		contexts: [{ name: "test", context: { cluster: "test", user: "pulumi" } }],
		"current-context": "test",
	});
}

/** Makes a cluster in a space and waits until it serves and can be reached. */
export async function startCluster(
	space: Space,
	wanted: {
		name?: string;
		version: DbVersion;
		shards?: number;
		replicas?: number;
		settings?: KubernetesSettings;
		/** Whether to wait until the tests' user reaches it. */
		reachable?: boolean;
	},
): Promise<KubernetesControl> {
	const { name = "db", version, shards = 1, replicas = 2, settings = space.settings(), reachable = true } = wanted;
	const control = kubernetesControl(name, settings);
	const claim = await control.claim("the test", 600);
	await control.create(claim, {
		name,
		owner: "project/stack/db",
		generation: "g1",
		version,
		shards,
		replicas,
		settings,
	});
	await untilState(control, "Started");
	await control.finish(claim);
	await control.release(claim);
	if (reachable) await space.reachable(name);
	return control;
}
