import { createHash } from "node:crypto";
import type { ApiAnswer, ApiCall, Connection } from "../../../src/platforms/kubernetes/api/wire";

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind, as on the wire.
export type Thing = any;

let made = 0;

/**
 * An API server in memory, with a controller whose pods are ready as soon as they exist. It stands in for a real one
 * where only the objects matter: test/kubernetes runs the same on a real one. Servers answer every question with no rows.
 */
export class FakeApi implements Connection {
	/** Each is another cluster. */
	readonly server = `https://test-${++made}`;
	/** By `kind/name`. */
	readonly objects = new Map<string, Thing>();
	readonly calls: ApiCall[] = [];
	/** Of every answer, instead of what is asked for. */
	failure: ApiAnswer | undefined;
	/** What a server answers, by the query and the pod. */
	answer = (_sql: string, _pod: string): ApiAnswer => ({ status: 200, text: "" });
	#version = 1;

	constructor(readonly namespace: string) {}

	now = () => Date.now();
	awayAt = () => undefined;

	put(kind: string, object: Thing): void {
		const { metadata } = object;
		const { name } = metadata;
		const before = this.objects.get(`${kind}/${name}`)?.metadata ?? {};
		const resourceVersion = String(this.#version++);
		const uid = before.uid ?? `uid-${resourceVersion}`;
		this.objects.set(`${kind}/${name}`, { ...object, metadata: { generation: 1, ...metadata, uid, resourceVersion } });
		if (kind === "statefulsets") this.#control(name);
	}

	/** The objects of a kind. */
	all(kind: string): Thing[] {
		if (kind === "endpointslices") return this.all("services").map((service) => this.#slice(service));
		return [...this.objects].flatMap(([key, object]) => (key.startsWith(`${kind}/`) ? [object] : []));
	}

	async send(call: ApiCall): Promise<ApiAnswer> {
		this.calls.push(call);
		if (this.failure !== undefined) return this.failure;
		const { pathname, searchParams } = new URL(call.path, this.server);
		const [, kind = "", name, rest] = /namespaces\/[^/]+\/(\w+)(?:\/([^/]+))?(\/.*)?/.exec(pathname) ?? [];
		if (!pathname.includes(`/namespaces/${this.namespace}/`)) return { status: 404, text: "{}" };
		if (rest?.startsWith("/proxy"))
			return this.answer(searchParams.get("query") ?? call.body ?? "", name?.replace(/:.*/, "") ?? "");
		if (searchParams.has("dryRun")) return said({});
		const body = call.body === undefined ? undefined : JSON.parse(call.body);
		if (name === undefined && call.method === "GET")
			return said({ items: this.all(kind).filter(selected(searchParams)) });
		const at = name ?? body.metadata.name;
		const before = this.objects.get(`${kind}/${at}`);
		const isApply = call.headers?.["content-type"]?.includes("apply") === true;
		if (before === undefined && (call.method !== "PATCH" || !isApply) && call.method !== "POST")
			return { status: 404, text: "{}" };
		if (call.method === "GET") return said(before);
		if (call.method === "DELETE") {
			this.objects.delete(`${kind}/${at}`);
			for (const set of kind === "pods" ? this.all("statefulsets") : []) this.#control(set.metadata.name);
			for (const { metadata } of kind === "statefulsets" ? this.all("pods") : [])
				if (metadata.name.replace(/-\d+$/, "") === at) this.objects.delete(`pods/${metadata.name}`);
			return said({});
		}
		const expected = body.metadata?.resourceVersion;
		if (call.method === "POST" ? before !== undefined : expected && expected !== before?.metadata.resourceVersion)
			return { status: 409, text: "{}" };
		const metadata = merged(before?.metadata ?? {}, { ...body.metadata, name: at });
		this.put(kind, { ...(isApply ? { ...before, ...body } : merged(before ?? {}, body)), metadata });
		return said(this.objects.get(`${kind}/${at}`));
	}

	/** What the StatefulSet controller and the kubelet do; pods keep the template that they were created from. */
	#control(name: string): void {
		const { metadata, spec } = this.objects.get(`statefulsets/${name}`);
		const { template, replicas = 1, volumeClaimTemplates = [] } = spec;
		const revision = createHash("sha1").update(JSON.stringify(template)).digest("hex");
		const wanted = Array.from({ length: replicas }, (_, ordinal) => `${name}-${ordinal}`);
		for (const { metadata: pod } of this.all("pods"))
			if (pod.name.replace(/-\d+$/, "") === name && !wanted.includes(pod.name)) this.objects.delete(`pods/${pod.name}`);
		for (const pod of wanted.filter((each) => !this.objects.has(`pods/${each}`))) {
			const claims = volumeClaimTemplates.map((claim: Thing) => ({
				name: claim.metadata.name,
				persistentVolumeClaim: { claimName: `${claim.metadata.name}-${pod}` },
			}));
			const own = { "statefulset.kubernetes.io/pod-name": pod, "controller-revision-hash": revision };
			const labels = { ...template.metadata.labels, ...own };
			const { containers, volumes = [] } = template.spec;
			this.put("pods", {
				metadata: { ...template.metadata, name: pod, labels },
				spec: { ...template.spec, volumes: [...volumes, ...claims] },
				status: {
					phase: "Running",
					conditions: [{ type: "Ready", status: "True" }],
					containerStatuses: containers.map((each: Thing) => ({
						name: each.name,
						imageID: each.image,
						ready: true,
						started: true,
						restartCount: 0,
						state: { running: { startedAt: "2026-11-23T10:00:00Z" } },
					})),
				},
			});
		}
		const status = { observedGeneration: metadata.generation, currentRevision: revision, updateRevision: revision };
		this.objects.set(`statefulsets/${name}`, { ...this.objects.get(`statefulsets/${name}`), status });
	}

	#slice({ metadata: { name }, spec: { selector = {} } }: Thing): Thing {
		const own = Object.entries(selector ?? {});
		const pods = this.all("pods").filter(({ metadata }) =>
			own.every(([key, value]) => metadata.labels?.[key] === value),
		);
		return {
			metadata: { name, labels: { "kubernetes.io/service-name": name } },
			endpoints: pods.map(({ metadata: { uid } }) => ({ conditions: { ready: true }, targetRef: { uid } })),
		};
	}
}

/** The rows that a server answers with. */
export const answered = (...rows: readonly object[]): ApiAnswer => ({
	status: 200,
	text: rows.map((row) => JSON.stringify(row)).join("\n"),
});

const said = (object: Thing): ApiAnswer => ({ status: 200, text: JSON.stringify(object) });

/** As a merge patch. What is applied, all of one owner, takes the place of what was. */
function merged(before: Thing, patch: Thing): Thing {
	if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
	const kept = typeof before === "object" && before !== null && !Array.isArray(before) ? { ...before } : {};
	for (const [key, value] of Object.entries(patch)) {
		if (value === null) delete kept[key];
		else kept[key] = merged(kept[key], value);
	}
	return kept;
}

function selected(query: URLSearchParams): (object: Thing) => boolean {
	const labels = (query.get("labelSelector") ?? "").split(/,(?![^(]*\))/).filter((term) => term !== "");
	const [, name] = /^metadata\.name=(.*)$/.exec(query.get("fieldSelector") ?? "") ?? [];
	return ({ metadata }) =>
		(name === undefined || metadata.name === name) &&
		labels.every((term) => {
			const [, key = "", values, value] = /^(.+?)(?: in \((.*)\)|=(.*))?$/.exec(term) ?? [];
			const its = metadata.labels?.[key];
			return its !== undefined && (values?.split(",") ?? (value === undefined ? [its] : [value])).includes(its);
		});
}
