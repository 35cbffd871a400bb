import type { ObservedCluster } from "../core/cluster";
import type { Release } from "../core/question";
import type { DbVersion } from "../core/version";
import type { ClusterControl, ClusterSpec, Obstacle } from "./port";

/** What is wrong with one of a platform's settings; shown as `<property>: <reason>`. */
export interface SettingProblem {
	/** Relative to the platform's own property: `["port"]`, `[]` for all of it. */
	readonly path: readonly (string | number)[];
	/** Names the value, what is accepted and what to do. */
	readonly reason: string;
}

/** The digest that a version's image must have: `sha256:` and 64 hexadecimal digits. */
export interface Pin {
	readonly version: DbVersion;
	readonly digest: string;
}

/** A cluster as `pulumi import` finds it where it runs. */
export interface FoundCluster {
	/** The platform's arguments, whether defaults or not; never a credential. */
	readonly given: Readonly<Record<string, unknown>>;
	/** Of an existing cluster that DbCluster does not manage yet, what its record would say. */
	readonly unmanaged?: Unmanaged;
	/** What could not be found out and has to be added to the program: one sentence each. */
	readonly notes?: readonly string[];
	/** The platform's arguments that are never stored with a cluster, such as credentials. */
	readonly notStored?: readonly string[];
}

/** An existing cluster that can be taken over as it is. */
export interface Unmanaged {
	readonly version: DbVersion;
	readonly shards: number;
	readonly replicas: number;
	readonly seen: ObservedCluster;
}

/** How clusters get into Pulumi's state by `pulumi import`. */
export interface Importing {
	/** What an id looks like, each form with an example: `local:FOLDER/NAME, such as local:~/clusters/analytics`. */
	readonly ids: readonly string[];
	/** Whether a text can be what {@link Platform.place} returns; any can if this is absent. */
	isPlace?(place: string): boolean;
	/**
	 * Finds the arguments with which a program that declares the cluster has nothing to change. Changes nothing.
	 *
	 * @param parts The existing objects that the cluster consists of, in their order, if the id names them.
	 * @throws ControlError if there is no such cluster, or if the place can't be read.
	 */
	find(place: string, name: string, parts?: readonly string[]): Promise<FoundCluster>;
}

/**
 * A kind of place where clusters run, as `src/pulumi` sees it. `Settings` are its validated arguments with all defaults
 * filled in: plain JSON data. None of these methods changes anything.
 */
export interface Platform<Settings = unknown> {
	/** Also the argument that selects it, and the first part of the id: `local`. */
	readonly name: string;
	/** Keep-alive connections of clients are reset with their replica; shown among the caveats. */
	readonly resetsConnections?: boolean;
	readonly keys: readonly string[];
	/** Those of `keys` that say where a cluster is, how it is reached, and which versions there are. Absent: each may. */
	readonly locating?: readonly string[];
	/**
	 * Whether settings with another place may be about the same cluster, as by another name for its API server: then its
	 * record says whether it is.
	 */
	mayBeSame?(before: Settings, now: Settings): boolean;
	/** A version is an engine that a process loads, not an image: it has no digest. */
	readonly engines?: true;
	/**
	 * Validates the arguments and reports all problems together. Never throws.
	 *
	 * @param name The cluster's name; absent while it is unknown.
	 */
	read(
		given: Readonly<Record<string, unknown>>,
		name?: string,
	): { readonly settings: Settings } | { readonly problems: readonly SettingProblem[] };
	/** Where such clusters run, a folder or a namespace: `<platform>:<place>/<name>` names one cluster. */
	place(settings: Settings): string;
	/**
	 * Which server is asked, or which machine this is, if the place does not say so: a digest, so that it contains no
	 * credentials. A cluster that is not found on another one is not taken for deleted.
	 */
	server?(settings: Settings): string;
	/** `server` is this machine, not one that is asked over a network. */
	readonly onMachine?: true;
	/** The URL of the cluster's HTTP interface. Pure: known before the cluster exists. */
	endpoint(name: string, settings: Settings): string;
	/**
	 * The versions that it can run if the user gives no catalogue. Cheap to call again.
	 *
	 * @param about The versions that are in question; a platform with several names for a version may ask only about them.
	 */
	releases(settings: Settings, about?: readonly DbVersion[]): Promise<readonly Release[]>;
	/**
	 * What exactly a version is here, as text: an image with its digest; `undefined` if there is nothing to say. Throws a
	 * {@link ControlError} if it does not exist, or is not the one that is asked for.
	 */
	artifact?(settings: Settings, version: DbVersion, pin?: Pin): Promise<string | undefined>;
	/** Whether the cluster was not created by DbCluster: then a create takes it over, and a delete only releases it. */
	isForeign?(settings: Settings): boolean;
	/** What a create would do to existing objects, or to data that another owner kept: one clause each, by topic. */
	takeover?(spec: Omit<ClusterSpec<Settings>, "generation">): Promise<Readonly<Record<string, string>>>;
	/** Absent if `pulumi import` is not supported. */
	readonly importing?: Importing;
	/** @param pin Only if versions are images. */
	control(name: string, settings: Settings, pin?: Pin): ClusterControl<Settings>;
	/** Why a new cluster can't be created: a port in use, no engine of this version, another cluster's data. */
	obstacles(spec: Omit<ClusterSpec<Settings>, "generation">, pin?: Pin): Promise<readonly Obstacle[]>;
}
