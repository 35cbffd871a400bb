import { randomUUID } from "node:crypto";
import type { UpdateResult } from "@pulumi/pulumi/dynamic";
import { sameVersion } from "../../core/version";
import { RollStopped, WaitStopped } from "../../roll/stopped";
import { untaken } from "../../words/import";
import { complete } from "../args/complete";
import { plainVersion } from "../args/digest";
import { inForce, type Properties, withoutUndefined } from "../args/inputs";
import { messageOf, OneLineError, Unfinished } from "../host/failure";
import { withoutFound } from "../judge/diff";
import { factsOf } from "../judge/facts";
import { converge } from "./converge";
import { lastUpdate, recorderOf } from "./last-update";
import { outputsOf, seen } from "./outputs";

/**
 * Judges again by the live cluster, then changes it in place.
 *
 * On trouble it throws: Pulumi keeps the old inputs, so that the next `up` sees the change again and goes on.
 *
 * @param olds the old OUTPUTS, the old inputs among them.
 */
export async function update(id: string, olds: Properties, news: Properties): Promise<UpdateResult> {
	const wanted = complete(news);
	const { version } = wanted;
	const generation = typeof olds.generation === "string" ? olds.generation : randomUUID();
	const mayCreate = news.unfinished === untaken;
	const recorder = recorderOf(wanted.place, version);
	try {
		const cluster = await converge({ ...wanted, generation, formerOwner: olds.owner, mayCreate, recorder });
		const before = plainVersion(olds.version);
		const moved = before !== undefined && !sameVersion(before, version);
		const previousVersion = moved ? before : olds.previousVersion;
		const last = { lastUpdate: olds.lastUpdate, ...lastUpdate(recorder) };
		const now = { ...(await outputsOf(wanted, cluster, version)), ...last };
		return { outs: withoutUndefined({ ...withoutFound(news), generation, version, previousVersion, ...now }) };
	} catch (error) {
		const message = messageOf(error, wanted.place.platform);
		const kept = inForce(olds, news);
		if (!(error instanceof RollStopped || error instanceof WaitStopped)) {
			// A refusal: nothing was touched, and nothing is unfinished; but whoever is refused may want to destroy it.
			const isRefused = kept.deletionPolicy === olds.deletionPolicy;
			throw isRefused ? new OneLineError(message) : new Unfinished(id, message, kept);
		}
		const cluster = await factsOf(wanted).cluster();
		const now = cluster.known && cluster.value !== undefined ? seen(cluster.value) : {};
		throw new Unfinished(id, message, withoutUndefined({ ...kept, ...now, ...lastUpdate(recorder, error) }));
	}
}
