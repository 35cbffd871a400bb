import { ControlError } from "../../control/errors";
import type { ObservedCluster } from "../../core/cluster";
import { plan } from "../../core/plan";
import { outcomeOf, type Rehearsal } from "../../core/rehearsal";
import { sameVersion } from "../../core/version";
import { rehearsing } from "../../rehearsal/rehearse";
import { whileKeeping } from "../../roll/claim-keeper";
import type { Ground } from "../../roll/ground";
import { buildOf } from "../../words/advice";
import { withRule } from "../../words/refusals";
import { rehearsalFailedText } from "../../words/rehearsal";
import type { Complete } from "../args/complete";

/** What a rehearsal needs of a {@link Ground}. */
export type RehearsalGround = Pick<Ground, "control" | "keeper" | "clock" | "timing" | "report" | "to">;

/**
 * Tries the version before an update of a cluster begins, unless a replica serves it already, or a rehearsal of the same
 * passed within a day.
 *
 * @throws ControlError if the version does not start, or does not load all tables: no replica has been touched.
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
	const found = await rehearse(ground, cluster, { queries });
	if (found === undefined || outcomeOf(found) !== "failed") return;
	throw new ControlError(withRule({ rule: "rehearsal", reason: rehearsalFailedText(found, buildOf(platform)) }));
}

/** Tries a version under the claim; `undefined` if the platform can't, or if the last rehearsal still counts. */
export async function rehearse(
	{ control, keeper, clock, timing, report, to }: RehearsalGround,
	cluster: ObservedCluster,
	{ queries, again = false }: { readonly queries: number; readonly again?: boolean },
): Promise<Rehearsal | undefined> {
	if (control.rehearse === undefined) return undefined;
	const { from } = plan(cluster, to);
	const use = rehearsing({ from, to, queries, again, now: clock.now() });
	const found = await whileKeeping(keeper, clock, () =>
		keeper.change(async (claim) =>
			control.rehearse?.(claim, to, timing.stallSeconds, (trial, last) => {
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
