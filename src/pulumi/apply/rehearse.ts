import { ControlError } from "../../control/errors";
import type { SqlServer, Trial } from "../../control/trial";
import type { ObservedCluster } from "../../core/cluster";
import { plan } from "../../core/plan";
import { outcomeOf, type Rehearsal } from "../../core/rehearsal";
import { sameVersion } from "../../core/version";
import { rehearsing } from "../../rehearsal/rehearse";
import { whileKeeping } from "../../roll/claim-keeper";
import { type Ground, StepStopped } from "../../roll/ground";
import { unlessInterrupted } from "../../roll/interruption";
import { changeOf, mayGoOn } from "../../roll/stop";
import { buildOf } from "../../words/advice";
import { withRule } from "../../words/refusals";
import { rehearsalFailedText } from "../../words/rehearsal";
import type { Complete } from "../args/complete";

/** What a rehearsal needs of a {@link Ground}. */
export type RehearsalGround = Pick<Ground, "control" | "keeper" | "clock" | "timing" | "report" | "to" | "stop">;

/**
 * Tries the version before an update of a cluster begins, unless a replica serves it already, or a rehearsal of the same
 * passed within a day.
 *
 * @throws ControlError if the version does not start, or does not load all tables; RollStopped if it is asked to end: no
 * replica has been touched.
 */
export async function rehearseFirst(
	ground: RehearsalGround,
	cluster: ObservedCluster,
	{ place: { platform }, args }: Complete,
): Promise<void> {
	const { policy, queries } = args.update.rehearsal;
	const { to } = ground;
	const proven = cluster.replicas.some(
		({ serving, version, outdated }) => serving && !outdated && sameVersion(version, to),
	);
	if (policy === "off" || proven || cluster.mark?.creates) return;
	const found = await rehearse(ground, cluster, { queries }).catch(async (error: unknown) => {
		if (error instanceof StepStopped) await mayGoOn(ground, cluster, changeOf(plan(cluster, to)));
		throw error;
	});
	if (found === undefined || outcomeOf(found) !== "failed") return;
	throw new ControlError(withRule({ rule: "rehearsal", reason: rehearsalFailedText(found, buildOf(platform)) }));
}

/**
 * Tries a version under the claim; `undefined` if the platform can't, or if the last rehearsal still counts.
 *
 * @throws StepStopped if it is asked to end: what it started is removed, and nothing is recorded.
 */
export async function rehearse(
	{ control, keeper, clock, timing, report, to, stop }: RehearsalGround,
	cluster: ObservedCluster,
	{ queries, again = false }: { readonly queries: number; readonly again?: boolean },
): Promise<Rehearsal | undefined> {
	if (control.rehearse === undefined) return undefined;
	const { from } = plan(cluster, to);
	const use = rehearsing({ from, to, queries, again, now: clock.now() });
	const found = await whileKeeping(keeper, clock, () =>
		keeper.change(async (claim) =>
			control.rehearse?.(claim, to, timing.stallSeconds, (bare, last) => {
				const trial = interruptible(bare, stop);
				const start = () => {
					report({ event: "rehearsing", to });
					return trial.start();
				};
				return use({ ...trial, start }, last);
			}),
		),
	);
	if (found !== undefined) report({ event: "rehearsed", rehearsal: found });
	return found;
}

/** The same trial, which ends before its next statement once it is asked to, or while it starts. */
function interruptible({ cluster, start, ...trial }: Trial, stop: AbortSignal | undefined): Trial {
	const unlessAsked = async <T>(call: () => Promise<T>): Promise<T> => {
		unlessInterrupted({ stop });
		return call();
	};
	const asked = (server: SqlServer): SqlServer => ({
		rows: (sql, settings) => unlessAsked(() => server.rows(sql, settings)),
		run: (sql, settings) => unlessAsked(() => server.run(sql, settings)),
	});
	return {
		...trial,
		...(cluster && { cluster: asked(cluster) }),
		start: async () => {
			const { server, ...started } = await unlessAsked(() => start(stop));
			unlessInterrupted({ stop });
			return { ...started, ...(server && { server: asked(server) }) };
		},
	};
}
