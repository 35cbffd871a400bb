import { floor } from "../cluster";
import { gapTo, steppingStones } from "../stepping-stones";
import { isDowngrade, type Rule } from "./rule";

/** During an update servers of both versions run together, so their engines must be compatible. */
export const upgradePath: Rule<"upgrade-path"> = {
	name: "upgrade-path",
	judge({ question: { known }, target, cluster, catalogue }, ways) {
		if (target === undefined || cluster === undefined || isDowngrade(cluster, target)) return undefined;
		const gap = gapTo(cluster, target, { catalogue, known });
		if (gap === undefined) return undefined;
		const stones = steppingStones(cluster, target, { catalogue, known });
		const [stopped] = ways.onceStopped([target]);
		const instead = stopped ? ({ instead: [stopped], stopped: true } as const) : ways.newest(floor(cluster));
		return { ...gap, steppingStones: ways.inTurn([...stones, target]) ? stones : [], ...instead };
	},
};
