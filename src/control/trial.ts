import type { Failure } from "../core/cluster";
import type { RehearsedPlace } from "../core/rehearsal";

/** A server's row, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlSettings = Readonly<Record<string, string>>;

/**
 * A server that is asked in SQL. Throws a ControlError with the server's words if it refuses a statement, and
 * {@link TrialEnded} if it was only tried and has ended.
 */
export interface SqlServer {
	/** Runs a query, which changes nothing; `settings` may contain a `database`. */
	rows(sql: string, settings?: SqlSettings): Promise<readonly SqlRow[]>;
	/** Runs a statement whose result is not needed. */
	run(sql: string, settings?: SqlSettings): Promise<void>;
}

/** A place beside a cluster where a version can be tried. */
export interface Trial {
	/** What exactly the version is, and with what it starts: an image's digest, the folder of an engine. */
	readonly artifact: string;
	/** A serving replica of the cluster itself, only to be read; absent if none serves. */
	readonly cluster?: SqlServer;
	/**
	 * Starts the version. What it started is removed when the rehearsal ends. Once `stop` is aborted, it waits no longer:
	 * what it then says of the version means nothing.
	 */
	start(stop?: AbortSignal): Promise<Started>;
}

/** How a version started, with the cluster's own settings and users, and with none of its data, Keeper and clients. */
export interface Started {
	readonly places: readonly RehearsedPlace[];
	/** A server of the version, without any tables; absent if none started. */
	readonly server?: SqlServer;
	/** Why no tables can be created on the server that started, such as a user that it does not know. */
	readonly tablesLeftOut?: string;
	/** Why no server started. */
	readonly failure?: Failure;
	/** Why the version could not be tried at all, such as a missing permission; then nothing else is known. */
	readonly leftOut?: string;
}

/** The server that was tried ended by itself, such as while it loaded a table. */
export class TrialEnded extends Error {
	override readonly name = "TrialEnded";
	constructor(readonly failure: Failure) {
		super(failure.words);
	}
}
