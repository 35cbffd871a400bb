import { floor, type ObservedCluster, standsAt } from "../cluster";
import { engineIn, mayRunSideBySide } from "../engine";
import type { RefusalFacts } from "../refusal";
import { allowed, type Release, releaseOf } from "../release";
import { compareVersions, type DbVersion, highest } from "../version";
import type { Rule } from "./rule";

/**
 * While an update goes on, servers of both versions work together, so their engines must be able to. A lone server never
 * meets the other version, and neither do servers that are stopped.
 */
export const upgradePath: Rule<"upgrade-path"> = {
	name: "upgrade-path",
	judge({ question, target, cluster, catalogue = [] }) {
		if (target === undefined || cluster === undefined) return undefined;
		return sideBySide(cluster, target, catalogue, question.known);
	},
};

/**
 * Why a cluster can't be updated to a version while it serves, and by way of which versions it can.
 *
 * @param known what is known of versions besides. It needs no catalogue: where that can't be read, this still counts.
 */
export function sideBySide(
	cluster: ObservedCluster,
	target: DbVersion,
	catalogue: readonly Release[],
	known: readonly Release[] = [],
): RefusalFacts["upgrade-path"] | undefined {
	if (cluster.replicas.length < 2 || cluster.state === "Stopped") return undefined;
	const engineOf = (version: DbVersion) =>
		releaseOf(version, catalogue)?.engine ?? releaseOf(version, known)?.engine ?? engineIn(version);
	const targetEngine = engineOf(target);
	const [worst] = cluster.replicas
		.flatMap((replica) => {
			const running = standsAt(replica);
			const runningEngine = running && engineOf(running);
			if (running === undefined || runningEngine === undefined || compareVersions(running, target) >= 0) return [];
			return mayRunSideBySide(runningEngine, targetEngine) ? [] : [{ replica: replica.name, running, runningEngine }];
		})
		.sort((a, b) => compareVersions(a.running, b.running));
	if (worst === undefined || targetEngine === undefined) return undefined;
	return { ...worst, targetEngine, steppingStones: steppingStones(cluster, worst, target, catalogue, engineOf) };
}

/**
 * The fewest releases that lead from what runs to the target, each able to work beside the one before. None lies below
 * what the cluster has reached or what an unfinished update goes to, and none is blocked: those are refused.
 */
function steppingStones(
	cluster: ObservedCluster,
	{ running, runningEngine }: { readonly running: DbVersion; readonly runningEngine: string },
	target: DbVersion,
	catalogue: readonly Release[],
	engineOf: (version: DbVersion) => string | undefined,
): DbVersion[] {
	const reached = highest([running, floor(cluster) ?? running, cluster.mark?.to ?? running]) ?? running;
	const between = allowed(catalogue)
		.map((version) => ({ version, engine: engineOf(version) }))
		.filter(({ version, engine }) => {
			return engine !== undefined && compareVersions(version, reached) >= 0 && compareVersions(version, target) < 0;
		})
		.sort((a, b) => compareVersions(b.version, a.version));
	const targetEngine = engineOf(target);
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
