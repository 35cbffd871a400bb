import { randomUUID } from "node:crypto";
import type { CreateResult } from "@pulumi/pulumi/dynamic";
import { createStoppedText } from "../../words/resource";
import { complete } from "../args/complete";
import { type Properties, withoutUndefined } from "../args/inputs";
import { messageOf, OneLineError, Unfinished } from "../host/failure";
import { factsOf } from "../judge/facts";
import { converge } from "./converge";
import { lastUpdate, recorderOf } from "./last-update";
import { outputsOf } from "./outputs";

/**
 * Makes the cluster and waits until it serves. One that carries our identity already is taken up where it is: an earlier
 * create died, or Pulumi replaces the resource, which must not cost the data. A version that it is not at is judged and
 * rolled to, as in an update.
 */
export async function create(inputs: Properties): Promise<CreateResult> {
	const generation = randomUUID();
	const wanted = complete(inputs);
	const { place, version } = wanted;
	const recorder = recorderOf(place, version);
	try {
		const cluster = await converge({ ...wanted, generation, mayCreate: true, recorder });
		const now = { ...(await outputsOf(wanted, cluster, version)), ...lastUpdate(recorder) };
		return { id: place.id, outs: withoutUndefined({ ...inputs, generation, version, ...now }) };
	} catch (error) {
		const message = messageOf(error, place.platform);
		const record = await factsOf(wanted).record();
		// Something is there and is ours: Pulumi has to know of it, so that destroy finds it.
		const isThere = record.known && record.value?.generation === generation;
		if (!isThere) throw new OneLineError(message);
		const kept = { ...inputs, generation, version, ...lastUpdate(recorder, error) };
		throw new Unfinished(place.id, createStoppedText(message), withoutUndefined(kept));
	}
}
