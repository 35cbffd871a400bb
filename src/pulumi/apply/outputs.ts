import { ControlError } from "../../control/errors";
import type { ObservedCluster } from "../../core/cluster";
import { spelledOtherwise } from "../../core/release";
import { compareVersions, type DbVersion, highest } from "../../core/version";
import { elsewhereText, otherMachineText, spelledOtherwiseText } from "../../words/resource";
import type { Complete } from "../args/complete";
import type { Home } from "../args/home";
import type { Properties } from "../args/inputs";
import { tell } from "../host/teller";
import { catalogueOf, latestKnown } from "../judge/catalogue";

/** What was seen of a cluster, where, and whether there is something newer, as outputs. */
export async function outputsOf(valid: Complete, cluster: ObservedCluster, version?: DbVersion): Promise<Properties> {
	return { ...seen(cluster), ...serverOf(valid.place), ...(await newer(valid, version)) };
}

export function seen({ state, replicas }: ObservedCluster): Properties {
	return {
		state,
		replicaVersions: replicas.map(({ name, version }) => ({ name, ...(version !== undefined && { version }) })),
	};
}

/**
 * What it runs. While replicas differ it is the newest, since none goes back; in an unfinished update the version that it
 * comes from, so that the next `up` sees a change and goes on.
 */
export function runningVersion({ mark, replicas }: ObservedCluster): DbVersion | undefined {
	return mark?.from ?? highest(replicas.flatMap(({ version }) => (version === undefined ? [] : [version])));
}

/** What only other spellings of the tags have is a line. */
async function newer(valid: Complete, version: DbVersion | undefined): Promise<Properties> {
	const catalogue = await catalogueOf(valid, version);
	const latestVersion = latestKnown(catalogue, version);
	const spellings = catalogue.known ? spelledOtherwise(catalogue.value) : [];
	if (spellings.length > 0) await tell(spelledOtherwiseText(valid.place.name, spellings));
	const updateAvailable =
		latestVersion !== undefined && version !== undefined && compareVersions(latestVersion, version) > 0;
	return { latestVersion, updateAvailable };
}

/** The output `server`: which server the cluster was last found on, where the settings alone don't say it. */
function serverOf({ platform, settings }: Home): Properties {
	const server = platform.server?.(settings);
	return server === undefined ? {} : { server };
}

/**
 * A cluster that is not there is gone only where the server is the one that it was on: another `KUBECONFIG`, another
 * current context or a colleague's machine is no proof.
 *
 * @param props the old outputs; those of an early release name no server.
 */
export function mustBeSameServer(place: Home, { server }: Properties): void {
	if (server === undefined || server === serverOf(place).server) return;
	throw new ControlError(place.platform.onMachine ? otherMachineText(place.id) : elsewhereText(place.id));
}

/** Whether existing objects were imported and not taken over: a takeover gives a generation. */
export function isUntaken({ platform, settings }: Home, { generation }: Properties): boolean {
	return generation === undefined && platform.isForeign?.(settings) === true;
}
