import type { Pin } from "../../../control/platform";
import type { Pod } from "../api/types";
import type { Connection } from "../api/wire";
import { Cluster } from "../ask/cluster";
import type { Login } from "../ask/server";
import type { AdoptedSettings, Existing } from "../render/settings";
import type { KeptSettings } from "../render/shape";

/** A cluster of StatefulSets that others made: their names, their Services and their port are as declared. */
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

	/** What their pods are told of users is theirs. */
	protected override login(_pod: Pod, settings: KeptSettings): Login {
		return settings;
	}
}
