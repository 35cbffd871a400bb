import { PlatformError } from "../../../control/errors";
import { retry } from "../../../control/retry";
import { apiError, Conflict, readStatus } from "./errors";
import { isOfKind, type Kind } from "./shapes";
import type { KubeObject, Meta } from "./types";
import type { ApiAnswer, ApiCall, Connection } from "./wire";

/** The field manager of server-side apply. Users' clusters store it, so it never changes. */
const fieldManager = "pulumi-dbcluster";

/** The kinds in use, each with its path. */
const kinds: Readonly<Record<Kind, string>> = {
	configmaps: "api/v1",
	services: "api/v1",
	pods: "api/v1",
	secrets: "api/v1",
	events: "api/v1",
	persistentvolumeclaims: "api/v1",
	statefulsets: "apis/apps/v1",
	poddisruptionbudgets: "apis/policy/v1",
	endpointslices: "apis/discovery.k8s.io/v1",
};

const plurals: Record<string, Kind> = {
	ConfigMap: "configmaps",
	Service: "services",
	StatefulSet: "statefulsets",
	PodDisruptionBudget: "poddisruptionbudgets",
};

function kindOf(kind: string): Kind {
	const plural = plurals[kind];
	if (plural === undefined) throw new Error(`no path of ${kind}`);
	return plural;
}

export interface ListOptions {
	readonly labels?: string;
	readonly fields?: string;
}

export interface LogLines {
	/** How many of the last ones. */
	readonly lines: number;
	/** Whether of the container that ran before. */
	readonly previous: boolean;
}

/** Bytes of a container's log that are asked for. */
const largestLog = 20_000;

/** The API of one namespace. Errors are those of {@link apiError}; {@link Conflict} is for callers to handle. */
export class Api {
	constructor(
		readonly connection: Connection,
		readonly namespace: string,
	) {}

	/** `undefined` only on proof of absence. */
	async get<T>(kind: Kind, name: string): Promise<T | undefined> {
		const call: ApiCall = { method: "GET", path: this.path(kind, name) };
		const found = await this.ifThere<T>(call);
		if (found !== undefined && !isOfKind(kind, found)) throw this.noServer();
		return found;
	}

	async list<T>(kind: Kind, options: ListOptions): Promise<readonly T[]> {
		const query = new URLSearchParams();
		if (options.labels !== undefined) query.set("labelSelector", options.labels);
		if (options.fields !== undefined) query.set("fieldSelector", options.fields);
		const answer = await this.send<{ items?: T[] } | null>({ method: "GET", path: `${this.path(kind)}?${query}` });
		const items = answer?.items ?? undefined;
		if (!Array.isArray(items) || !items.every((item) => isOfKind(kind, item))) throw this.noServer();
		return items;
	}

	/** The object that has this name already. By a list, because our rights do not allow reading every kind by name. */
	async namesake<T>({ kind, metadata }: KubeObject): Promise<T | undefined> {
		return (await this.list<T>(kindOf(kind), { fields: `metadata.name=${metadata.name}` }))[0];
	}

	async create<T>(kind: Kind, object: KubeObject, options: { readonly dryRun?: boolean } = {}): Promise<T> {
		const path = `${this.path(kind)}?fieldManager=${fieldManager}${options.dryRun ? "&dryRun=All" : ""}`;
		return this.send<T>({ method: "POST", path, ...content(object, "json") });
	}

	/** Server-side apply: the object must contain every field that is ours, because a missing one is released. */
	async apply<T>(object: KubeObject, options: { readonly dryRun?: boolean } = {}): Promise<T> {
		const query = `fieldManager=${fieldManager}&force=true${options.dryRun ? "&dryRun=All" : ""}`;
		const path = `${this.path(kindOf(object.kind), object.metadata.name)}?${query}`;
		return unlessConditional(object, () =>
			this.send<T>({ method: "PATCH", path, ...content(object, "apply-patch+yaml") }),
		);
	}

	/** Patches single fields; a `resourceVersion` or `uid` in it is a precondition. `undefined` if the object is gone. */
	async merge<T>(
		kind: Kind,
		name: string,
		patch: object,
		options: { readonly dryRun?: boolean } = {},
	): Promise<T | undefined> {
		const path = `${this.path(kind, name)}?fieldManager=${fieldManager}${options.dryRun ? "&dryRun=All" : ""}`;
		return unlessConditional(patch, () =>
			this.ifThere<T>({ method: "PATCH", path, ...content(patch, "merge-patch+json") }),
		);
	}

	/**
	 * Patches an object as it is now, again while it is changed concurrently; leaves it if there is no patch.
	 *
	 * @returns `undefined` if it is gone.
	 */
	edit<T extends { readonly metadata: Meta }>(
		kind: Kind,
		name: string,
		patchOf: (live: T) => { readonly metadata?: object; readonly spec: object } | undefined,
	): Promise<T | undefined> {
		return untilNoConflict(async () => {
			const live = await this.get<T>(kind, name);
			const patch = live && patchOf(live);
			if (patch === undefined) return live;
			const { resourceVersion } = live?.metadata ?? {};
			return this.merge<T>(kind, name, { ...patch, metadata: { resourceVersion, ...patch.metadata } });
		});
	}

	/** Deletes an object; with a uid, only that very one. It is no error if it is gone or another one by now. */
	async delete(kind: Kind, name: string, uid?: string): Promise<void> {
		const options = { propagationPolicy: "Background", ...(uid && { preconditions: { uid } }) };
		await this.ifThere({ method: "DELETE", path: this.path(kind, name), ...content(options, "json") }).catch(
			(error) => {
				if (!(error instanceof Conflict) || uid === undefined) throw error;
			},
		);
	}

	/** The last lines of a container's log; empty if there is none or the kubelet can't be asked: it only explains. */
	async log(pod: string, container: string, { lines, previous }: LogLines): Promise<string> {
		const query = `container=${container}&tailLines=${lines}&previous=${previous}&limitBytes=${largestLog}`;
		const path = `${this.path("pods", pod)}/log?${query}`;
		const answer = await this.connection
			.send({ method: "GET", path, retry: false, timeout: 5000 })
			.catch(() => undefined);
		const text = answer?.status === 200 ? answer.text : "";
		// Of long lines a kubelet leaves out the end, which says most.
		const isCut = lines > 1 && Buffer.byteLength(text) >= largestLog;
		return isCut ? this.log(pod, container, { lines: Math.ceil(lines / 4), previous }) : text;
	}

	/** A request to a pod through the API server's proxy. The pod's own errors are returned as answers. */
	async proxy(pod: string, port: number, call: ApiCall): Promise<ApiAnswer> {
		const path = `${this.path("pods", `${pod}:${port}`)}/proxy${call.path}`;
		// A pod that answers a body of a known length at once may do so before the API server's proxy has done with it,
		// which then cuts the answer: seen of one in some hundred.
		const answer = await this.connection.send({ ...call, path, retry: false, chunked: true });
		const status = answer.status === 200 ? undefined : readStatus(answer.text);
		if (status !== undefined) throw apiError(this.connection, { ...call, path }, answer);
		return answer;
	}

	/**
	 * Makes the API server close the connections that it keeps open to a pod after {@link proxy}: a server that stops
	 * waits until each one's keep-alive time is over. Best effort.
	 */
	async hangUp(pod: string, port: number): Promise<void> {
		const ping = () => this.proxy(pod, port, { method: "GET", path: "/ping", hangsUp: true, timeout: 2000 });
		// One for each call that we make at the same time.
		await Promise.allSettled([ping(), ping()]);
	}

	private path(kind: Kind, name?: string): string {
		return `/${kinds[kind]}/namespaces/${this.namespace}/${kind}${name === undefined ? "" : `/${name}`}`;
	}

	private async ifThere<T>(call: ApiCall): Promise<T | undefined> {
		const answer = await this.connection.send(call);
		return answer.status === 404 ? undefined : this.read<T>(call, answer);
	}

	private async send<T>(call: ApiCall): Promise<T> {
		return this.read<T>(call, await this.connection.send(call));
	}

	private read<T>(call: ApiCall, answer: ApiAnswer): T {
		if (answer.status < 200 || answer.status > 299) throw apiError(this.connection, call, answer);
		try {
			return JSON.parse(answer.text) as T;
		} catch {
			throw this.noServer();
		}
	}

	private noServer(): PlatformError {
		return new PlatformError(
			`${this.connection.server} does not answer like a Kubernetes API server: check the server address in the kubeconfig`,
		);
	}
}

const content = (body: object, type: string): Pick<ApiCall, "body" | "headers"> => ({
	body: JSON.stringify(body),
	headers: { "content-type": `application/${type}` },
});

/** Repeats it, including the read, while the object is changed concurrently. */
export function untilNoConflict<T>(attempt: () => Promise<T>): Promise<T> {
	return retry(attempt, (error, tries) => {
		if (!(error instanceof Conflict)) return undefined;
		if (tries >= 10)
			throw new PlatformError(`the object is changed again and again by another client: ${error.message}`);
		return 20 * tries * (1 + Math.random());
	});
}

/** A conflict of a write without a precondition is another object's, such as a quota's: kubernetes#67761. */
function unlessConditional<T>(object: { readonly metadata?: Partial<Meta> }, write: () => Promise<T>): Promise<T> {
	const { resourceVersion, uid } = object.metadata ?? {};
	return resourceVersion === undefined && uid === undefined ? untilNoConflict(write) : write();
}
