import type { Input } from "@pulumi/pulumi";

/** How a version is tried before an update. */
export interface RehearsalArgs {
	/**
	 * `before`: `pulumi up` rehearses before it changes anything, and a failure to start or to load a table refuses the
	 * update. `required`: in addition, previews are refused unless a rehearsal of the version passed within a day (`npx
	 * pulumi-dbcluster rehearse`). `off`: updates start without one.
	 *
	 * @default "before"
	 * @example "required"
	 */
	policy?: Input<string>;

	/**
	 * How many kinds of SELECT are planned on the version, the most frequent of the last day in `system.query_log`, from 0
	 * to 10,000. Those that the version does not plan are shown by their hash, and refuse nothing.
	 *
	 * @default 200
	 * @example 1000
	 */
	queries?: Input<number>;
}
