import type { Input } from "@pulumi/pulumi";

/** How an update waits after its first replica, and what stops it there. */
export interface HoldArgs {
	/**
	 * How long it waits, in seconds, from 1 to 86,400 (a day). On Kubernetes the queries are those of `system.query_log`,
	 * which servers write every 7.5 seconds by default: give at least a minute. While servers log no
	 * queries (`log_queries` is 0, the default of old versions), the update only waits.
	 *
	 * @example 600
	 */
	seconds: Input<number>;

	/**
	 * By how much the share of queries that fail with one error code may be larger on the first replica than on the others,
	 * from 0 to 1: with 0.01, 1 in 100 more. A difference counts once each side has had 100 queries and only if it is larger
	 * than chance explains (three standard errors). With fewer queries the update continues, and a line says so.
	 *
	 * @default 0.01
	 * @example 0.001
	 */
	errors?: Input<number>;
}
