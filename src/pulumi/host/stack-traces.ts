/** What Node.js knows of one line of a stack trace, as far as it is used here. */
type Site = Pick<NodeJS.CallSite, "getFunctionName">;

/**
 * Has Pulumi make the promises of a resource without spelling out where each was made.
 *
 * It keeps that as text with all four promises of every property, for a report of promises that never settle. In a
 * program, where each line of it is mapped to TypeScript, that was two thirds of what a cluster cost there. All other
 * traces stay as they are, also where errors made meanwhile are shown later.
 *
 * @returns what puts things back as they were.
 */
export function withoutPromiseTraces(): () => void {
	const before = Error.prepareStackTrace;
	// Whoever looks for leaked promises wants to know; and without the mapping a trace costs little.
	if (before === undefined || process.env.PULUMI_DEBUG_PROMISE_LEAKS) return () => {};
	const abridged = (error: Error, sites: readonly Site[]): unknown =>
		sites[0]?.getFunctionName() === "debuggablePromise"
			? String(error)
			: before.call(Error, error, sites as NodeJS.CallSite[]);
	Error.prepareStackTrace = abridged;
	return () => {
		// Not if somebody else has put in his own meanwhile.
		if (Error.prepareStackTrace === abridged) Error.prepareStackTrace = before;
	};
}
