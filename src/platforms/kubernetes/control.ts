import { isDeepStrictEqual } from "node:util";
import type { Pin } from "../../control/platform";
import type { Care, Claim, ClusterControl } from "../../control/port";
import { type HeldDigest, withHeld } from "../../control/record";
import type { UpdateMark } from "../../core/cluster";
import type { DbVersion } from "../../core/version";
import { Cluster } from "./ask/cluster";
import { holds } from "./ask/holds";
import { fromListing } from "./ask/listing";
import { missing } from "./ask/missing";
import { look, observe } from "./ask/observe";
import { settle } from "./ask/opened";
import { aloneOrBack, rivals } from "./ask/rivals";
import { sizedRecord } from "./ask/size";
import { tally } from "./ask/tally";
import { applySet } from "./change/apply";
import * as making from "./change/create";
import { drain, undrain } from "./change/drain";
import { leave } from "./change/leave";
import * as lifecycle from "./change/lifecycle";
import * as reshape from "./change/reshape";
import { prepare, restart, type WriteTemplate } from "./change/restart";
import type { KubernetesSettings } from "./render/settings-schema";
import { rehearseByPods } from "./trial/rehearse";

/** A cluster on Kubernetes, through its API server. Connects at the first call. */
export function kubernetesControl(name: string, settings: KubernetesSettings, pin?: Pin) {
	const on = callsOn(() => new Cluster(name, settings, pin));
	const its = controlBy(on, (cluster, stored, shard, image) => applySet(cluster, cluster.shape(stored), shard, image));
	return { ...its, missing: on(missing) };
}

export type KubernetesControl = ReturnType<typeof controlBy> & Pick<ClusterControl, "missing">;

/** Makes a function on a cluster a method of the port. */
export function callsOn<Its extends Cluster>(connect: () => Its) {
	let cluster: Its | undefined;
	return <Args extends unknown[], Answer>(call: (cluster: Its, ...args: Args) => Promise<Answer>) =>
		async (...args: Args): Promise<Answer> => {
			cluster ??= connect();
			return call(cluster, ...args);
		};
}

export function controlBy<Its extends Cluster>(on: ReturnType<typeof callsOn<Its>>, writeTemplate: WriteTemplate<Its>) {
	return {
		record: on(async (cluster, age?: number) => {
			const recent = age === undefined ? undefined : await fromListing(cluster, age);
			return sizedRecord(cluster, ...(recent ?? (await Promise.all([cluster.record.read(), cluster.sets()]))));
		}),
		observe: on((cluster, care?: "brief") => observe(cluster, care)),
		look: on((cluster, replica: string, care?: Care) => look(cluster, replica, care)),
		holds: on((cluster, replica: string) => holds(cluster, replica)),
		tally: on((cluster, replica: string, seconds: number) => tally(cluster, replica, seconds)),
		rivals: on(rivals),
		rehearse: on(rehearseByPods),
		claim: on(({ record }, holder: string, seconds: number) => record.claim(holder, seconds)),
		extend: on(({ record }, claim: Claim, seconds: number) => record.extend(claim, seconds)),
		release: on(({ record }, claim: Claim) => record.release(claim)),
		begin: on(begin),
		finish: on(finish),
		remember: on(remember),
		drain: on((cluster, claim: Claim, replica: string, next?: DbVersion) =>
			drain(cluster, claim, replica, next && (() => prepare(cluster, claim, replica, next, writeTemplate))),
		),
		undrain: on(undrain),
		restart: on((cluster, claim: Claim, replica: string, version: DbVersion) =>
			restart(cluster, claim, replica, version, writeTemplate),
		),
		create: on(making.create),
		adopt: on(making.adopt),
		assess: on(reshape.assess),
		configure: on(reshape.configure),
		join: on(reshape.join),
		leave: on(leave),
		start: on(lifecycle.start),
		stop: on(lifecycle.stop),
		wake: on(lifecycle.wake),
		destroy: on(lifecycle.destroy),
	} satisfies ClusterControl<KubernetesSettings>;
}

/** A missing image is reported here, before any replica is touched. */
async function begin(cluster: Cluster, claim: Claim, mark: UpdateMark): Promise<void> {
	const before = await cluster.record.guard(claim);
	const settings = cluster.settings(before);
	await cluster.image(settings, mark.to);
	const pods = await cluster.pods();
	await cluster.record.under(claim, (stored) => ({ ...settle(stored, pods, settings.image), mark }));
	await aloneOrBack(cluster, claim, mark, before.mark);
}

async function finish(cluster: Cluster, claim: Claim): Promise<void> {
	const pods = await cluster.pods();
	await cluster.record.under(claim, (stored) => ({
		...settle(stored, pods, cluster.settings(stored).image),
		mark: undefined,
	}));
}

async function remember(cluster: Cluster, claim: Claim, replica: string, digest?: HeldDigest): Promise<void> {
	await cluster.record.under(claim, (stored) => {
		if (isDeepStrictEqual(stored.held?.[replica], digest)) return stored;
		return { ...stored, held: withHeld(stored.held, replica, digest) };
	});
}
