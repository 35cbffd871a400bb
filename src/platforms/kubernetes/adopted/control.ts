import type { Pin } from "../../../control/platform";
import type { Assessment, Claim } from "../../../control/port";
import type { Holdings } from "../../../core/holdings";
import type { StatefulSet } from "../api/types";
import { holds } from "../ask/holds";
import type { Stored } from "../ask/record";
import type { Spec } from "../change/create";
import { KubernetesControl } from "../control";
import type { Image } from "../render/pod";
import type { AdoptedSettings } from "../render/settings";
import { AdoptedCluster } from "./cluster";
import { volatileNext } from "./data";
import { assess, configure, letGo, takeOver } from "./takeover";
import { change } from "./template";

/** Existing StatefulSets: they are taken over instead of created, keep their template, and are released at the end. */
export class AdoptedControl extends KubernetesControl {
	private adopted: AdoptedCluster | undefined;

	constructor(
		name: string,
		protected override readonly settings: AdoptedSettings,
		pin?: Pin,
	) {
		super(name, settings, pin);
	}

	protected override get cluster(): AdoptedCluster {
		this.adopted ??= new AdoptedCluster(this.name, this.settings, this.pin);
		return this.adopted;
	}

	override async holds(replica: string): Promise<Holdings | undefined> {
		return holds(this.cluster, replica, (paths) => volatileNext(this.cluster, replica, paths));
	}
	override async create(claim: Claim, spec: Spec): Promise<void> {
		return takeOver(this.cluster, claim, spec);
	}
	override async assess(spec: Omit<Spec, "generation">): Promise<Assessment> {
		return assess(this.cluster, spec);
	}
	override async configure(claim: Claim, spec: Spec): Promise<void> {
		return configure(this.cluster, claim, spec);
	}
	/** Their data is never deleted. */
	override async destroy(claim: Claim): Promise<void> {
		return letGo(this.cluster, claim);
	}
	protected override writeTemplate(_: Stored, shard: number, image: Image): Promise<StatefulSet> {
		return change(this.cluster, shard, image);
	}
}
