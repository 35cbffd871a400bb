import { floor } from "../cluster";
import { allowed } from "../release";
import { compareVersions, type DbVersion, highest, sameVersion } from "../version";
import type { Ways } from "../ways";
import type { Rule } from "./rule";

/** A DB version never goes back: not below the highest that any replica runs, nor below what opened its data. */
export const noDowngrade: Rule<"no-downgrade"> = {
	name: "no-downgrade",
	judge({ question: { policy }, target, cluster, catalogue = [] }, ways) {
		const lowestAllowed = cluster && floor(cluster);
		if (target === undefined || lowestAllowed === undefined || compareVersions(target, lowestAllowed) >= 0)
			return undefined;
		const running = highest(cluster?.replicas.flatMap(({ version }) => version ?? []) ?? []);
		const later = allowed(catalogue).filter((version) => compareVersions(version, lowestAllowed) > 0);
		const isAnyOpen = (policy === "any" || later.length === 0) && areOpen([lowestAllowed, ...later], ways);
		return {
			highest: lowestAllowed,
			byDataOnly: running === undefined || compareVersions(running, lowestAllowed) < 0,
			...(!isAnyOpen && nearestAndNewest(ways)),
		};
	},
};

function areOpen(versions: readonly DbVersion[], ways: Ways): boolean {
	const passing = ways.now();
	return versions.every((version) => passing.some((it) => sameVersion(it, version)));
}

function nearestAndNewest(ways: Ways) {
	const [nearest] = ways.now();
	const newest = ways.newest();
	if (nearest === undefined) return newest;
	return { instead: [nearest, ...newest.instead.filter((version) => !sameVersion(version, nearest))] };
}
