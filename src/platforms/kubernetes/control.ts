import { isDeepStrictEqual } from "node:util";
import type { Pin } from "../../control/platform";
import type { Assessment, Claim, ClusterControl, Observation, ReplicaView } from "../../control/port";
import { type ClusterRecord, type HeldDigest, withHeld } from "../../control/record";
import type { Rival, UpdateMark } from "../../core/cluster";
import type { Holdings } from "../../core/holdings";
import type { DbVersion } from "../../core/version";
import type { StatefulSet } from "./api/types";
import { Cluster } from "./ask/cluster";
import { holds } from "./ask/holds";
import { look, observe } from "./ask/observe";
import { settle } from "./ask/opened";
import type { Stored } from "./ask/record";
import { aloneOrBack, rivals } from "./ask/rivals";
import { sizedRecord } from "./ask/size";
import { applySet } from "./change/apply";
import * as making from "./change/create";
import { drain, undrain } from "./change/drain";
import { leave } from "./change/leave";
import * as lifecycle from "./change/lifecycle";
import * as reshape from "./change/reshape";
import { restart } from "./change/restart";
import type { Image } from "./render/pod";
import type { KubernetesSettings } from "./render/settings";

/** A cluster on Kubernetes, through its API server. Connects at the first call. */
export class KubernetesControl implements ClusterControl<KubernetesSettings> {
	private made: Cluster | undefined;

	constructor(
		protected readonly name: string,
		protected readonly settings: KubernetesSettings,
		protected readonly pin?: Pin,
	) {}

	protected get cluster(): Cluster {
		this.made ??= new Cluster(this.name, this.settings, this.pin);
		return this.made;
	}

	async record(): Promise<ClusterRecord | undefined> {
		const { cluster } = this;
		return sizedRecord(cluster, ...(await Promise.all([cluster.record.read(), cluster.sets()])));
	}
	async observe(): Promise<Observation | undefined> {
		return observe(this.cluster);
	}
	async look(replica: string): Promise<ReplicaView> {
		return look(this.cluster, replica);
	}
	async holds(replica: string): Promise<Holdings | undefined> {
		return holds(this.cluster, replica);
	}
	async rivals(): Promise<readonly Rival[]> {
		return rivals(this.cluster);
	}

	async claim(holder: string, seconds: number): Promise<Claim> {
		return this.cluster.record.claim(holder, seconds);
	}
	async extend(claim: Claim, seconds: number): Promise<void> {
		return this.cluster.record.extend(claim, seconds);
	}
	async release(claim: Claim): Promise<void> {
		return this.cluster.record.release(claim);
	}

	/** A missing image is reported here, before any replica is touched. */
	async begin(claim: Claim, mark: UpdateMark): Promise<void> {
		const { cluster } = this;
		const before = await cluster.record.guard(claim);
		const settings = cluster.settings(before);
		await cluster.image(settings, mark.to);
		const pods = await cluster.pods();
		await cluster.record.under(claim, (stored) => ({ ...settle(stored, pods, settings.image), mark }));
		await aloneOrBack(cluster, claim, mark, before.mark);
	}
	async finish(claim: Claim): Promise<void> {
		const { cluster } = this;
		const { image } = cluster.settings(await cluster.record.guard(claim));
		const pods = await cluster.pods();
		await cluster.record.under(claim, (stored) => ({ ...settle(stored, pods, image), mark: undefined }));
	}

	async remember(claim: Claim, replica: string, digest: HeldDigest | undefined): Promise<void> {
		await this.cluster.record.under(claim, (stored) => {
			if (isDeepStrictEqual(stored.held?.[replica], digest)) return stored;
			return { ...stored, held: withHeld(stored.held, replica, digest) };
		});
	}

	async drain(claim: Claim, replica: string): Promise<void> {
		return drain(this.cluster, claim, replica);
	}
	async undrain(claim: Claim, replica: string): Promise<void> {
		return undrain(this.cluster, claim, replica);
	}
	async restart(claim: Claim, replica: string, version: DbVersion): Promise<void> {
		return restart(this.cluster, claim, replica, version, (...template) => this.writeTemplate(...template));
	}
	/** Writes a shard's pod template with an image. */
	protected writeTemplate(stored: Stored, shard: number, image: Image): Promise<StatefulSet> {
		return applySet(this.cluster, this.cluster.shape(stored), shard, image);
	}

	async create(claim: Claim, spec: making.Spec): Promise<void> {
		return making.create(this.cluster, claim, spec);
	}
	async adopt(claim: Claim, owner: string, generation: string): Promise<void> {
		return making.adopt(this.cluster, claim, owner, generation);
	}
	async assess(spec: Omit<making.Spec, "generation">): Promise<Assessment> {
		return reshape.assess(this.cluster, spec);
	}
	async configure(claim: Claim, spec: making.Spec): Promise<void> {
		return reshape.configure(this.cluster, claim, spec);
	}
	async join(claim: Claim, spec: making.Spec): Promise<readonly string[]> {
		return reshape.join(this.cluster, claim, spec);
	}
	async leave(claim: Claim, replica: string): Promise<void> {
		return leave(this.cluster, claim, replica);
	}
	async start(claim: Claim): Promise<void> {
		return lifecycle.start(this.cluster, claim);
	}
	async stop(claim: Claim): Promise<void> {
		return lifecycle.stop(this.cluster, claim);
	}
	async wake(claim: Claim): Promise<void> {
		return lifecycle.wake(this.cluster, claim);
	}
	async destroy(claim: Claim, options: { readonly data: boolean }): Promise<void> {
		return lifecycle.destroy(this.cluster, claim, options);
	}
}
