import { plan } from "../plan";
import type { Rule } from "./rule";

/**
 * An update begins while the maintenance window is open. Previews ask without a window: what is approved now may well be
 * carried out then.
 *
 * An unfinished update goes on at any time: replicas of two versions side by side, or one that is down, are worse than
 * another restart outside the window. For the same reason one that is under way when the window closes is not stopped.
 */
export const maintenanceWindow: Rule<"maintenance-window"> = {
	name: "maintenance-window",
	judge({ question: { window }, target, cluster }) {
		if (window === undefined || window.open || target === undefined || cluster === undefined) return undefined;
		if (cluster.mark !== undefined || plan(cluster, target).lanes.length === 0) return undefined;
		return { opens: window.until, timeZone: window.timeZone };
	},
};
