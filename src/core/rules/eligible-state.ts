import { floor, type ObservedCluster } from "../cluster";
import { isEligible } from "../state";
import { mayResume, type Rule } from "./rule";

/**
 * An update starts only from Started, Stopped or Idle. Our own unfinished update may resume from Updating and Degraded,
 * an unfinished creation from Starting and Degraded. Fails closed: a state that can't be read is refused.
 */
export const eligibleState: Rule<"eligible-state"> = {
	name: "eligible-state",
	judge({ question, cluster }) {
		if (!question.cluster.known) return { unreadable: question.cluster.why };
		if (cluster === undefined || (floor(cluster) === undefined && !cluster.mark?.creates)) {
			return { unreadable: "no replica reports which version it runs" };
		}
		if (isEligible(cluster.state) || mayResume(cluster)) return undefined;
		return { state: cluster.state, troubles: troubles(cluster) };
	},
};

/** While a cluster starts or stops, replicas are expected not to serve; in a degraded one they are the reason. */
function troubles({ state, replicas }: ObservedCluster) {
	return replicas
		.filter(({ trouble, serving }) => trouble !== undefined || (state === "Degraded" && !serving))
		.map(({ name, trouble, cause }) => ({
			replica: name,
			...(trouble !== undefined && { trouble }),
			...(cause !== undefined && { cause }),
		}));
}
