import type { Pin } from "../../../control/platform";
import { holds } from "../ask/holds";
import { callsOn, controlBy, type KubernetesControl } from "../control";
import type { AdoptedSettings } from "../render/settings-schema";
import { AdoptedCluster } from "./cluster";
import { volatileNext } from "./data";
import { assess, configure, letGo, takeOver } from "./takeover";
import { change } from "./template";

/** Existing StatefulSets: they are taken over instead of created, keep their template, and are released at the end. */
export function adoptedControl(name: string, settings: AdoptedSettings, pin?: Pin): KubernetesControl {
	const on = callsOn(() => new AdoptedCluster(name, settings, pin));
	return {
		...controlBy(on, (cluster, _, shard, image) => change(cluster, shard, image)),
		holds: on((cluster, replica: string) => holds(cluster, replica, (paths) => volatileNext(cluster, replica, paths))),
		create: on(takeOver),
		assess: on(assess),
		configure: on(configure),
		/** Their data is never deleted. */
		destroy: on(letGo),
	};
}
