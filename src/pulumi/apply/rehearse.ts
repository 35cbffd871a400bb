import { ControlError } from "../../control/errors";
import type { ObservedCluster } from "../../core/cluster";
import { plan } from "../../core/plan";
import { outcomeOf, type Rehearsal } from "../../core/rehearsal";
import { sameVersion } from "../../core/version";
import { rehearsing } from "../../rehearsal/rehearse";
import type { Ground } from "../../roll/ground";
import { whileKeeping } from "../../roll/hold";
import { withRule } from "../../words/refusals";
import { rehearsalFailedText } from "../../words/rehearsal";
import type { Args } from "../args/schema";

/** What a rehearsal needs of a {@link Ground}. */
export type RehearsalGround = Pick<Ground, "control" | "hold" | "clock" | "timing" | "report" | "to">;

/**
 * Tries the version before an update of a cluster begins, unless a replica serves it already, or a rehearsal of the same
 * passed within a day.
 *
 * @throws ControlError if the version does not start, or does not load all tables: no replica has been touched.
 */
export async function rehearseFirst(
	ground: RehearsalGround,
	cluster: ObservedCluster,
	{ policy, queries }: Args["update"]["rehearsal"],
): Promise<void> {
	const { to } = ground;
	const proven = cluster.replicas.some(
		({ serving, version, outdated }) => serving && !outdated && sameVersion(version, to),
	);
	if (policy === "off" || proven || cluster.mark?.creates) return;
	const found = await rehearse(ground, cluster, { queries });
	if (found === undefined || outcomeOf(found) !== "failed") return;
	throw new ControlError(withRule({ rule: "rehearsal", reason: rehearsalFailedText(found) }));
}

/** Tries a version under the claim; `undefined` if the platform can't, or if the last rehearsal still counts. */
export async function rehearse(
	{ control, hold, clock, timing, report, to }: RehearsalGround,
	cluster: ObservedCluster,
	{ queries, again = false }: { readonly queries: number; readonly again?: boolean },
): Promise<Rehearsal | undefined> {
	if (control.rehearse === undefined) return undefined;
	const { from } = plan(cluster, to);
	const use = rehearsing({ from, to, queries, again, now: clock.now() });
	const found = await whileKeeping(hold, clock, () =>
		hold.change(async (claim) =>
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
