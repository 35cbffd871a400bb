import { floor, type ObservedCluster } from "../cluster";
import { isEligible } from "../state";
import { mayResume, type Rule } from "./rule";

/**
 * An update starts only from Started, Stopped or Idle; an unfinished one of ours may go on from Updating and Degraded, an
 * unfinished creation from Starting and Degraded. Fails closed: what can't be read is refused.
 */
export const eligibleState: Rule<"eligible-state"> = {
	name: "eligible-state",
	judge({ question, cluster }) {
		if (!question.cluster.known) return { unreadable: question.cluster.why };
		if (cluster === undefined || (floor(cluster) === undefined && !cluster.mark?.creates)) {
			return { unreadable: "no replica tells which version it runs" };
		}
		if (isEligible(cluster.state) || mayResume(cluster)) return undefined;
		return { state: cluster.state, troubles: troubles(cluster) };
	},
};

/** While a cluster starts or stops it is normal that replicas do not serve; in a degraded one they are the reason. */
function troubles({ state, replicas }: ObservedCluster) {
	return replicas
		.filter(({ trouble, serving }) => trouble !== undefined || (state === "Degraded" && !serving))
		.map(({ name, trouble, cause }) => ({
			replica: name,
			...(trouble !== undefined && { trouble }),
			...(cause !== undefined && { cause }),
		}));
}
