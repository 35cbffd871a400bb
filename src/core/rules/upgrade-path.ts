import { floor } from "../cluster";
import { gapTo, steppingStones } from "../stepping-stones";
import { sameVersion } from "../version";
import type { Rule } from "./rule";

/** During an update servers of both versions run together, so their engines must be compatible. */
export const upgradePath: Rule<"upgrade-path"> = {
	name: "upgrade-path",
	judge({ question: { known }, target, cluster, catalogue }, ways) {
		if (target === undefined || cluster === undefined) return undefined;
		const gap = gapTo(cluster, target, { catalogue, known });
		if (gap === undefined) return undefined;
		const open = ways.now();
		const stones = open.length === 0 ? [] : steppingStones(cluster, target, { catalogue, known });
		const isOpen = open.some((version) => sameVersion(version, stones[0]));
		const [stopped] = ways.onceStopped([target]);
		const instead = stopped ? ({ instead: [stopped], stopped: true } as const) : ways.newest(floor(cluster));
		return { ...gap, steppingStones: isOpen ? stones : [], ...instead };
	},
};
