import type { Pin } from "../../../control/platform";
import type { Pod } from "../api/types";
import type { Connection } from "../api/wire";
import { Cluster } from "../ask/cluster";
import type { Login } from "../ask/server";
import type { AdoptedSettings, Existing } from "../render/settings-schema";
import type { KeptSettings } from "../render/shape";

/** A cluster of existing StatefulSets: their names, Services and port are as declared. */
export class AdoptedCluster extends Cluster {
	readonly existing: Existing;

	constructor(name: string, given: AdoptedSettings, pin?: Pin, connection?: Connection) {
		super(name, given, pin, connection);
		this.existing = given.existing;
	}

	override get statefulSets(): readonly string[] {
		return this.existing.statefulSets;
	}

	override get services(): readonly string[] {
		return this.existing.services;
	}

	override get httpPort(): number {
		return this.existing.httpPort;
	}

	/** Their pods name no login of ours: the declared one is used. */
	protected override login(_pod: Pod, settings: KeptSettings): Login {
		return settings;
	}
}
