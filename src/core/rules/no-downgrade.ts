import { floor } from "../cluster";
import { compareVersions, highest } from "../version";
import { passing } from "./latest-only";
import type { Rule } from "./rule";

/** A DB version never goes back: not below the highest that any replica runs, nor below what opened its data. */
export const noDowngrade: Rule<"no-downgrade"> = {
	name: "no-downgrade",
	judge({ target, cluster, ...rest }) {
		const lowestAllowed = cluster && floor(cluster);
		if (target === undefined || lowestAllowed === undefined || compareVersions(target, lowestAllowed) >= 0)
			return undefined;
		const running = highest(cluster?.replicas.flatMap(({ version }) => version ?? []) ?? []);
		const instead = cluster && passing(lowestAllowed, cluster, rest);
		return {
			highest: lowestAllowed,
			byDataOnly: running === undefined || compareVersions(running, lowestAllowed) < 0,
			...(instead && { instead }),
		};
	},
};
