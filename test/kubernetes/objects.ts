import type { Api } from "../../src/platforms/kubernetes/api/api";

/** An object as a component hands it to the engine. */
export interface Thing {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
	readonly [field: string]: unknown;
}

/** Where an object is, or all of its kind are. */
function pathOf({ apiVersion, kind, metadata: { namespace } }: Thing): string {
	const plural =
		kind === "NetworkPolicy" ? "networkpolicies" : `${kind.toLowerCase()}${kind === "Ingress" ? "es" : "s"}`;
	return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}${namespace ? `/namespaces/${namespace}` : ""}/${plural}`;
}

/** Applies it as @pulumi/kubernetes does, on the server's side; a field that the API doesn't know is an error. */
export async function apply(api: Pick<Api, "connection">, thing: Thing, dryRun = false): Promise<Thing> {
	const query = `fieldManager=pulumi&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
	const answer = await api.connection.send({
		method: "PATCH",
		path: `${pathOf(thing)}/${thing.metadata.name}?${query}`,
		body: JSON.stringify(thing),
		headers: { "content-type": "application/apply-patch+yaml" },
	});
	if (answer.status > 299) throw new Error(`${thing.kind} ${thing.metadata.name}: ${answer.text}`);
	return JSON.parse(answer.text);
}

/** What the API server would say to a pod; nothing is made. */
export async function admitted(
	api: Api,
	name: string,
	template: object,
): Promise<{ status: number; message?: string }> {
	const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: api.namespace }, ...template };
	const answer = await api.connection.send({
		method: "POST",
		path: `/api/v1/namespaces/${api.namespace}/pods?dryRun=All`,
		body: JSON.stringify(pod),
		headers: { "content-type": "application/json" },
	});
	return { status: answer.status, message: JSON.parse(answer.text).message };
}

/** Deletes it, and comes back when it is gone. */
export async function remove(api: Pick<Api, "connection">, thing: Thing): Promise<void> {
	const path = `${pathOf(thing)}/${thing.metadata.name}`;
	for (let method: "DELETE" | "GET" = "DELETE"; ; method = "GET") {
		const { status, text } = await api.connection.send({ method, path });
		if (status === 404) return;
		if (status > 299) throw new Error(`${thing.kind} ${thing.metadata.name}: ${text}`);
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
