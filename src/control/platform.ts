import type { Release } from "../core/question";
import type { DbVersion } from "../core/version";
import type { ClusterControl, ClusterSpec, Obstacle } from "./port";

/** What is wrong with one of a platform's settings; said to a person as `<property>: <reason>`. */
export interface SettingProblem {
	/** Below the platform's own property: `["port"]`, `[]` for all of it. */
	readonly path: readonly (string | number)[];
	/** Names the value, what is accepted and the way out. */
	readonly reason: string;
}

/** The image that a version must be, by its digest: `sha256:` and 64 hexadecimal digits. */
export interface Pin {
	readonly version: DbVersion;
	readonly digest: string;
}

/**
 * A kind of place where clusters live, as the faces to Pulumi see it. `Settings` are its validated arguments with every
 * default filled in: plain JSON data. None of these methods changes anything.
 */
export interface Platform<Settings = unknown> {
	/** Also the property of the resource's arguments that selects it, and the first part of the id: `local`. */
	readonly name: string;
	/** Connections that clients keep alive end with the replica that they were made to: said among the caveats. */
	readonly resetsConnections?: boolean;
	/** The names of its settings: the property's keys. */
	readonly keys: readonly string[];
	/**
	 * Reads the arguments as they were given; all problems at once. Never throws.
	 *
	 * @param name the cluster's; absent while it is not known.
	 */
	read(
		given: Readonly<Record<string, unknown>>,
		name?: string,
	): { readonly settings: Settings } | { readonly problems: readonly SettingProblem[] };
	/** Where clusters with these settings live, so that `<platform>:<place>/<name>` names one cluster: a folder, a namespace. */
	place(settings: Settings): string;
	/** Which server is asked, where the place leaves that open: a digest, so that nothing of the credentials is in it. */
	server?(settings: Settings): string;
	/** The URL of the cluster's HTTP interface. Pure: known before the cluster exists. */
	endpoint(name: string, settings: Settings): string;
	/** The versions that it can run when the user gives no catalogue of his own. Cheap to call again. */
	releases(settings: Settings): Promise<readonly Release[]>;
	/**
	 * What exactly a version is here, for people: an image with its digest; `undefined` where there is nothing to tell.
	 * Throws a {@link ControlError} when there is no such thing, or when it is another than the one that is asked for.
	 */
	artifact?(settings: Settings, version: DbVersion, pin?: Pin): Promise<string>;
	/** Whether the cluster is what others made: then destroying it only lets go of it, and a create takes it over. */
	isForeign?(settings: Settings): boolean;
	/** What a create would do to what others made, for people: a clause each, by what it is about. */
	takeover?(spec: Omit<ClusterSpec<Settings>, "generation">): Promise<Readonly<Record<string, string>>>;
	/** @param pin only where versions are images, which is where there is `artifact`. */
	control(name: string, settings: Settings, pin?: Pin): ClusterControl<Settings>;
	/** Why a cluster that is not there yet can't be made: a port in use, no engine of this version, another's data. */
	obstacles(spec: Omit<ClusterSpec<Settings>, "generation">, pin?: Pin): Promise<readonly Obstacle[]>;
}
