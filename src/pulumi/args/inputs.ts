import type { Valid } from "./parse";
import { platforms } from "./platforms";
import { ownNames } from "./schema";

/** Properties as Pulumi hands them over: inputs, or outputs with the inputs among them. */
export type Properties = Readonly<Record<string, unknown>>;

/** What there is for a person or the constructor to set. */
const inputNames: readonly string[] = ["owner", ...ownNames, ...Object.keys(platforms)];

/** The inputs among some outputs. */
export function inputsAmong(properties: Properties): Record<string, unknown> {
	return Object.fromEntries(Object.entries(properties).filter(([name]) => inputNames.includes(name)));
}

/** Pulumi's messages can't hold an `undefined`, however deep. */
export function withoutUndefined(properties: Properties): Record<string, unknown> {
	const known = Object.entries(properties).filter(([, value]) => value !== undefined);
	return Object.fromEntries(known.map(([name, value]) => [name, within(value)]));
}

function within(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(within);
	return typeof value === "object" && value !== null ? withoutUndefined(value as Properties) : value;
}

/** What needs nothing of the platform, and delete and read go by. */
const ownAlone = ["deletionPolicy", "versions", "update"];

/** The outputs of an update that failed: what a way out may hang on, such as `deletionPolicy`, holds all the same. */
export function inForce(olds: Properties, news: Properties): Properties {
	return withoutUndefined({ ...olds, ...Object.fromEntries(ownAlone.map((name) => [name, news[name]])) });
}

/** The endpoint, as soon as it is known where the cluster lives. */
export function endpointOf({ place }: Pick<Valid, "place">): string | undefined {
	return place?.platform.endpoint(place.name, place.settings);
}
