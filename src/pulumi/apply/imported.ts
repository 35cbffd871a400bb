import { clusterName } from "../../control/accepts";
import { ControlError } from "../../control/errors";
import type { FoundCluster, Importing, Platform } from "../../control/platform";
import type { Observation } from "../../control/port";
import {
	notAnIdText,
	notStoredText,
	ownedText,
	unfinishedText,
	unreadableArgumentsText,
	untaken,
	untakenText,
	versionUnknownText,
} from "../../words/import";
import { complete } from "../args/complete";
import { endpointOf, type Properties, withoutUndefined } from "../args/inputs";
import { platforms } from "../args/platforms";
import { readUpdate } from "../args/schema";
import { withoutDefaults } from "../args/without-defaults";
import { messageOf, OneLineError } from "../host/failure";
import { outputsOf, runningVersion } from "./outputs";

/** A resource as `pulumi import` puts it into the state. */
export interface Imported {
	/** The resource's id; of existing StatefulSets the given one may say more. */
	readonly id: string;
	/** The arguments as a program would have them, and `owner`. */
	readonly inputs: Properties;
	readonly outputs: Properties;
	/** What the user has to know, one sentence each: above all what could not be recovered. */
	readonly notes: readonly string[];
}

/** What no platform stores, because no replica needs it. */
const notStored = ["versions", "deletionPolicy", "desiredState"];

/**
 * Finds a cluster by its id, for `pulumi import`. Changes nothing.
 *
 * @param id As in Pulumi's state: `local:~/clusters/analytics`, `kubernetes:db/analytics`.
 * @param owner `project/stack/name` of the resource.
 * @throws OneLineError if there is no such cluster, or if it can't be read.
 * @example await imported("local:~/clusters/analytics", "shop/live/analytics");
 */
export async function imported(id: string, owner: string): Promise<Imported> {
	try {
		const { platform, importing, place, name, parts } = readId(id);
		return await resourceOf(platform, await importing.find(place, name, parts), { id, name, owner });
	} catch (error) {
		throw new OneLineError(messageOf(error));
	}
}

interface Id {
	readonly platform: Platform;
	readonly importing: Importing;
	readonly place: string;
	readonly name: string;
	readonly parts?: readonly string[];
}

/** `platform:place/name`, and what the cluster consists of, as in `kubernetes:db/shop=shop-0,shop-1`. */
function readId(id: string): Id {
	const [, which = "", place = "", name = "", parts] =
		/^(\w+):(.+)\/([^/=]+)(?:=([-.a-z0-9]+(?:,[-.a-z0-9]+)*))?\/*$/s.exec(id) ?? [];
	const platform = Object.hasOwn(platforms, which) ? platforms[which] : undefined;
	const { importing } = platform ?? {};
	const isNamed = clusterName().safeParse(name).success && importing?.isPlace?.(place) !== false;
	if (platform === undefined || importing === undefined || !isNamed) {
		const ids = Object.values(platforms).flatMap((each) => each.importing?.ids ?? []);
		throw new ControlError(notAnIdText(id, ids));
	}
	return { platform, importing, place, name, ...(parts !== undefined && { parts: parts.split(",") }) };
}

interface Asked {
	readonly id: string;
	readonly name: string;
	readonly owner: string;
}

async function resourceOf(platform: Platform, found: FoundCluster, { id, name, owner }: Asked): Promise<Imported> {
	const { unmanaged } = found;
	const read = platform.read(found.given, name);
	if ("problems" in read) {
		const reasons = read.problems.map(({ path, reason }) => `${[platform.name, ...path].join(".")}: ${reason}`);
		throw new ControlError(unreadableArgumentsText(id, reasons));
	}
	const observed: Observation | undefined = unmanaged?.seen ?? (await platform.control(name, read.settings).observe());
	if (observed === undefined) throw new ControlError(`there is no cluster ${id}`);
	const { record, ...cluster } = observed;
	const { shards, replicas } = unmanaged ?? record ?? { shards: 1, replicas: 1 };
	// What is unfinished is resumed by a program that asks for its version.
	const version = unmanaged?.version ?? record?.mark?.to ?? runningVersion(cluster);
	if (version === undefined) throw new ControlError(versionUnknownText(id));
	const update = record?.update && withoutDefaults(record.update, readUpdate);
	const isOurs = record?.owner === owner;
	const args = {
		version,
		...(shards > 1 && { shards }),
		replicas,
		name,
		...(update && Object.keys(update).length > 0 && { update }),
		...(!isOurs && { adopt: true }),
		[platform.name]: withoutDefaults(found.given, (given) => platform.read(given, name)),
		owner,
	};
	const valid = complete(args);
	const inputs = { ...args, endpoint: endpointOf(valid) };
	// Of another owner's cluster none: a delete would end what is still the other one's, and an update gives a new one.
	const generation = isOurs ? record?.generation : undefined;
	const outputs = { ...inputs, generation, ...(await outputsOf(valid, cluster, version)) };
	const notes = [
		...(found.notes ?? []),
		...(record?.mark === undefined ? [] : [unfinishedText(name, record.mark)]),
		...(unmanaged === undefined ? [] : [untakenText(name)]),
		...(record === undefined || isOurs ? [] : [ownedText(name, record.owner)]),
		notStoredText(name, [...(record?.update ? [] : ["update"]), ...notStored, ...(found.notStored ?? [])]),
	];
	return {
		id: valid.place.id,
		inputs: withoutUndefined({ ...inputs, ...(unmanaged && { unfinished: untaken }) }),
		outputs: withoutUndefined(outputs),
		notes,
	};
}
