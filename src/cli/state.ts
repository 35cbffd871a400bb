import { clusterTypes, secretSign } from "../pulumi/stored";

export interface RecordedCluster {
	readonly urn: string;
	readonly name: string;
	readonly project: string;
	/** As `--stack` takes it. */
	readonly stack: string;
	readonly id: string;
	readonly inputs: Readonly<Record<string, unknown>>;
	readonly outputs: Readonly<Record<string, unknown>>;
}

/** The clusters in a state as `pulumi stack export` writes it, also those inside components. */
export function clustersIn(state: unknown, stack: string): RecordedCluster[] {
	const { resources } = field(field(state).deployment);
	return (Array.isArray(resources) ? resources : []).map(field).flatMap((resource) => {
		const { urn, id, inputs, outputs } = resource;
		const isCluster = Object.values<unknown>(clusterTypes).includes(resource.type);
		if (!isCluster || resource.delete === true || typeof urn !== "string") return [];
		const [, project = "", , ...name] = urn.split("::");
		return [
			{
				urn,
				name: name.join("::"),
				project,
				stack,
				id: typeof id === "string" ? id : "",
				inputs: field(inputs),
				outputs: field(outputs),
			},
		];
	});
}

export function hasSecrets(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	return secretSign.key in value || Object.values(value).some(hasSecrets);
}

/** The value with its secrets in plain text; those that are still encrypted are left out. Never print or write it. */
export function revealed(value: unknown): unknown {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(revealed);
	if ((value as Record<string, unknown>)[secretSign.key] === secretSign.mark) {
		const { plaintext } = value as { plaintext?: unknown };
		return revealed(parsed(plaintext));
	}
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealed(part)]));
}

/** The parser's message would quote the secret. */
function parsed(plaintext: unknown): unknown {
	try {
		return typeof plaintext === "string" ? JSON.parse(plaintext) : undefined;
	} catch {
		return undefined;
	}
}

function field(value: unknown): Record<string, unknown> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
