import { ControlError } from "../../control/errors";
import type { ClusterControl } from "../../control/port";
import { type ClaimKeeper, underClaim } from "../../roll/claim-keeper";
import { systemClock } from "../../roll/clock";
import { holder } from "../../roll/holder";
import { withDefaults } from "../../roll/timing";
import { leftAloneText } from "../../words/import";
import { keptText, letGoText, recordLostText } from "../../words/resource";
import { complete } from "../args/complete";
import type { Home } from "../args/home";
import type { Properties } from "../args/inputs";
import { call } from "../host/call";
import { messageOf, OneLineError } from "../host/failure";
import { finishing } from "../host/orphaned";
import { Teller } from "../host/teller";
import { isUntaken, mustBeSameServer } from "./outputs";

/**
 * Ends the cluster; its data stays unless `deletionPolicy` says otherwise. Does nothing where the cluster carries another
 * generation: `--replace` has made a new resource of it before the old one is deleted.
 */
export async function destroy(_id: string, props: Properties): Promise<void> {
	try {
		const { place, args } = complete(props);
		const control = place.platform.control(place.name, place.settings);
		// A claim would create a record, which fails where the namespace is gone, too.
		if ((await control.record()) === undefined) return await mustBeGone(control, place, props);
		const teller = new Teller(place.name);
		const { stop } = call.getStore() ?? {};
		const options = {
			control,
			holder: holder(),
			clock: systemClock,
			timing: withDefaults(),
			report: teller.tell,
			stop,
		};
		const work = async (keeper: ClaimKeeper) => {
			const record = await control.record();
			if (record === undefined) return mustBeGone(control, place, props);
			// An imported resource has no generation until its first update makes the cluster its own.
			if (props.generation === undefined && record.owner !== args.owner)
				return teller.say(leftAloneText(place.name, record.owner));
			if (record.generation !== (props.generation ?? record.generation)) return;
			const data = args.deletionPolicy === "Delete";
			await keeper.change((claim) => control.destroy(claim, { data }));
			if (place.platform.isForeign?.(place.settings)) teller.say(letGoText(place.name));
			else if (!data) teller.say(keptText(place.name, place.id));
		};
		await finishing(() => underClaim(options, work).finally(() => teller.said()));
	} catch (error) {
		throw new OneLineError(messageOf(error));
	}
}

/** Of a cluster without a record nothing tells whose it is: if its replicas are there, ending it may end another's. */
async function mustBeGone(control: ClusterControl, place: Home, props: Properties): Promise<void> {
	if (isUntaken(place, props)) return;
	mustBeSameServer(place, props);
	if ((await control.observe("brief")) !== undefined) throw new ControlError(recordLostText(place.id, place.name));
}
