import { floor, type ObservedCluster, standsAt } from "../cluster";
import { mayRunSideBySide } from "../engine";
import type { Release } from "../question";
import type { RefusalFacts } from "../refusal";
import { compareVersions, type DbVersion, highest, sameVersion } from "../version";
import type { Rule } from "./rule";

/**
 * While an update goes on, servers of both versions work together, so their engines must be able to. A lone server never
 * meets the other version, and neither do servers that are stopped.
 */
export const upgradePath: Rule<"upgrade-path"> = {
	name: "upgrade-path",
	judge({ target, cluster, catalogue }) {
		if (target === undefined || cluster === undefined || catalogue === undefined) return undefined;
		return sideBySide(cluster, target, catalogue);
	},
};

/** Why a cluster can't be updated to a version while it serves, and by way of which versions it can. */
export function sideBySide(
	cluster: ObservedCluster,
	target: DbVersion,
	catalogue: readonly Release[],
): RefusalFacts["upgrade-path"] | undefined {
	if (cluster.replicas.length < 2 || cluster.state === "Stopped") return undefined;
	const targetEngine = engineOf(target, catalogue);
	const [worst] = cluster.replicas
		.flatMap((replica) => {
			const running = standsAt(replica);
			const runningEngine = running && engineOf(running, catalogue);
			if (running === undefined || runningEngine === undefined || compareVersions(running, target) >= 0) return [];
			return mayRunSideBySide(runningEngine, targetEngine) ? [] : [{ replica: replica.name, running, runningEngine }];
		})
		.sort((a, b) => compareVersions(a.running, b.running));
	if (worst === undefined || targetEngine === undefined) return undefined;
	return { ...worst, targetEngine, steppingStones: steppingStones(cluster, worst, target, catalogue) };
}

/**
 * The fewest releases that lead from what runs to the target, each able to work beside the one before. None lies below
 * what the cluster has reached or what an unfinished update goes to: those are refused.
 */
function steppingStones(
	cluster: ObservedCluster,
	{ running, runningEngine }: { readonly running: DbVersion; readonly runningEngine: string },
	target: DbVersion,
	catalogue: readonly Release[],
): DbVersion[] {
	const reached = highest([running, floor(cluster) ?? running, cluster.mark?.to ?? running]) ?? running;
	const between = catalogue
		.filter(({ version, engine }) => {
			return engine !== undefined && compareVersions(version, reached) >= 0 && compareVersions(version, target) < 0;
		})
		.sort((a, b) => compareVersions(b.version, a.version));
	const targetEngine = engineOf(target, catalogue);
	const stones: DbVersion[] = [];
	let [version, engine]: [DbVersion, string | undefined] = [running, runningEngine];
	while (!mayRunSideBySide(engine, targetEngine)) {
		const next = between.find((it) => compareVersions(it.version, version) > 0 && mayRunSideBySide(engine, it.engine));
		if (next === undefined) return [];
		stones.push(next.version);
		({ version, engine } = next);
	}
	return stones;
}

function engineOf(version: DbVersion, catalogue: readonly Release[]): string | undefined {
	return catalogue.find((release) => sameVersion(release.version, version))?.engine;
}
