import { isToRoll, plan } from "../plan";
import type { Rule } from "./rule";

/**
 * An update begins only while the maintenance window is open. Previews ask without a window, so that a change can be
 * approved outside it.
 *
 * An unfinished update resumes at any time: a mixed-version cluster, or a replica that is down, is worse than a restart
 * outside the window. For the same reason an update in progress is not stopped when the window closes, and a change of
 * the size is not held by what it restarts: only replicas that are down.
 */
export const maintenanceWindow: Rule<"maintenance-window"> = {
	name: "maintenance-window",
	judge({ question: { window }, target, cluster }) {
		if (window === undefined || window.open || target === undefined || cluster === undefined) return undefined;
		if (cluster.mark !== undefined || !isToRoll(cluster, target)) return undefined;
		if (plan(cluster, target).lanes.length === 0) return undefined;
		return { opens: window.until, timeZone: window.timeZone };
	},
};
