import { ControlError } from "../../control/errors";
import { elsewhereText } from "../../words/resource";
import type { Home } from "../args/home";
import type { Properties } from "../args/inputs";

/** The output `server`: which server the cluster was last found on, where the settings alone don't say it. */
export function serverOf({ platform, settings }: Home): Properties {
	const server = platform.server?.(settings);
	return server === undefined ? {} : { server };
}

/**
 * A cluster that is not there is gone only where the server is the one that it was on: another `KUBECONFIG`, or another
 * current context, is no proof.
 *
 * @param props the old outputs; those of an early release name no server.
 */
export function mustBeSameServer(place: Home, { server }: Properties): void {
	if (server !== undefined && server !== serverOf(place).server) throw new ControlError(elsewhereText(place.id));
}
