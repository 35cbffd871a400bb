import { randomBytes } from "node:crypto";
import { Api } from "../../src/platforms/kubernetes/api";
import { connect } from "../../src/platforms/kubernetes/connection";
import { type KubernetesSettings, readSettings } from "../../src/platforms/kubernetes/settings";
import type { KubeObject, Pod } from "../../src/platforms/kubernetes/types";

/**
 * What the tests need of a real cluster: a KUBECONFIG that may make namespaces, images, a Keeper, and a NodePort that is
 * reachable on 127.0.0.1 (as with kind and port mappings, or a node on this machine).
 */
export const environment = {
	kubeconfig: process.env.KUBECONFIG,
	/** Repository of the images; its tags are the versions below. */
	image: process.env.DBCLUSTER_TEST_IMAGE ?? "127.0.0.1:5000/myscaledb",
	keeper: process.env.DBCLUSTER_TEST_KEEPER ?? "10.244.0.1:2181",
	/** The root element of the settings of the server in these images. */
	configRoot: process.env.DBCLUSTER_TEST_CONFIG_ROOT ?? "yandex",
};

export const unavailable =
	environment.kubeconfig === undefined ? "KUBECONFIG is not set: these tests need a real cluster" : undefined;

const user = "app";
const password = "it's only a test";

/** A namespace of its own for one test, under the restricted Pod Security, with the password's Secret. */
export class Space {
	private constructor(
		readonly namespace: string,
		readonly api: Api,
	) {}

	static async open(): Promise<Space> {
		const namespace = `dbcluster-test-${randomBytes(4).toString("hex")}`;
		const space = new Space(namespace, new Api(connect({ kubeconfig: environment.kubeconfig }), namespace));
		await space.send("POST", "/api/v1/namespaces", {
			apiVersion: "v1",
			kind: "Namespace",
			metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
		});
		await space.api.create("secrets", {
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name: "db-password" },
			stringData: { password },
		} as KubeObject);
		return space;
	}

	/** Settings for a small cluster here; `more` as a user would write it. */
	settings(more: Readonly<Record<string, unknown>> = {}): KubernetesSettings {
		const read = readSettings({
			namespace: this.namespace,
			image: environment.image,
			kubeconfig: environment.kubeconfig,
			storage: "1Gi",
			resources: { requests: { cpu: "10m", memory: "64Mi" } },
			keeper: [environment.keeper],
			user,
			passwordSecret: { name: "db-password" },
			service: { type: "NodePort" },
			configRoot: environment.configRoot,
			gracePeriodSeconds: 40,
			...more,
		});
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

	/** One query through the client Service, on a connection of its own. */
	async query(cluster: string, sql: string, body?: string): Promise<string> {
		return queryAt(await this.endpoint(cluster), sql, body);
	}

	/** One query to one replica, through the API server. */
	async queryPod(pod: string, sql: string): Promise<string> {
		const headers = { "x-clickhouse-user": user, "x-clickhouse-key": password };
		const path = `/?${new URLSearchParams({ query: sql })}`;
		const answer = await this.api.proxy(pod, 8123, { method: "POST", path, headers, timeout: 60_000 });
		if (answer.status !== 200) throw new Error(answer.text);
		return answer.text.trimEnd();
	}

	/** Ends a pod at once, as a lost node would. */
	async kill(pod: string): Promise<void> {
		const found = await this.api.get<Pod>("pods", pod);
		if (found === undefined) return;
		await this.send("DELETE", `/api/v1/namespaces/${this.namespace}/pods/${pod}`, {
			gracePeriodSeconds: 0,
			preconditions: { uid: found.metadata.uid },
		});
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

	/** Removes the namespace with all that is in it; does not wait for its end. */
	async close(): Promise<void> {
		// Pods that nobody needs any more need not stop in peace.
		for (const { metadata } of await this.api.list<Pod>("statefulsets", {}))
			await this.api.delete("statefulsets", metadata.name);
		for (const { metadata } of await this.api.list<Pod>("pods", {})) await this.kill(metadata.name);
		await this.send("DELETE", `/api/v1/namespaces/${this.namespace}`, {});
	}

	async send(method: "POST" | "DELETE", path: string, body: object): Promise<void> {
		const answer = await this.api.connection.send({
			method,
			path,
			body: JSON.stringify(body),
			headers: { "content-type": "application/json" },
		});
		if (answer.status >= 300 && answer.status !== 404 && answer.status !== 409) throw new Error(answer.text);
	}
}

/** One query on a connection of its own; throws what the server or the connection says. */
export async function queryAt(endpoint: string, sql: string, body?: string): Promise<string> {
	const { request } = await import("node:http");
	return new Promise((resolve, reject) => {
		const sent = request(
			`${endpoint}/?${new URLSearchParams({ query: sql })}`,
			{
				method: "POST",
				agent: false,
				timeout: 30_000,
				headers: { connection: "close", "x-clickhouse-user": user, "x-clickhouse-key": password },
			},
			(response) => {
				let text = "";
				response.setEncoding("utf8");
				response.on("data", (chunk: string) => {
					text += chunk;
				});
				response.on("error", reject);
				response.on("end", () =>
					response.statusCode === 200 ? resolve(text.trimEnd()) : reject(new Error(`${response.statusCode} ${text}`)),
				);
			},
		);
		sent.on("timeout", () => sent.destroy(new Error("no answer within 30 seconds")));
		sent.on("error", reject);
		sent.end(body);
	});
}
