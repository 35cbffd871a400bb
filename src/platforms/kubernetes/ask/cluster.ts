import { ControlError } from "../../../control/errors";
import type { Pin } from "../../../control/platform";
import type { DbVersion } from "../../../core/version";
import { Api } from "../api/api";
import { connect } from "../api/connection";
import type { EndpointSlice, Pod, StatefulSet } from "../api/types";
import type { Connection } from "../api/wire";
import {
	clientServiceName,
	clusterSelector,
	type Named,
	parseReplica,
	ports,
	recordName,
	replicaName,
	shardName,
} from "../render/names";
import type { Image } from "../render/pod";
import { indexes } from "../render/server-config";
import type { KubernetesSettings } from "../render/settings-schema";
import { type KeptSettings, kept, type Shape } from "../render/shape";
import type { RecentAnswers } from "./health";
import { resolveImage } from "./images";
import { serverStatus } from "./opened";
import { RecordStore, type Stored } from "./record";
import { type Credentials, type Login, loginOf, readCredentials, Server } from "./server";

const serviceLabel = "kubernetes.io/service-name";

/** Access to one cluster's objects; what never changes is cached. */
export class Cluster {
	readonly api: Api;
	readonly record: RecordStore;
	/** What each shard's StatefulSet was after this process last wrote a version to its template. */
	readonly written = new Map<number, string>();
	private readonly logins = oncePerKey<Credentials | undefined>();
	private readonly images = oncePerKey<Image>();
	private readonly answers = new Map<string, { readonly uid: string | undefined; readonly recent: RecentAnswers }>();
	private listing: Promise<readonly Pod[]> | undefined;

	constructor(
		readonly name: string,
		readonly given: KubernetesSettings,
		private readonly pin?: Pin,
		connection: Connection = connect(given),
	) {
		this.api = new Api(connection, given.namespace);
		this.record = new RecordStore(this.api, name);
	}

	/** The name of each shard's StatefulSet, if it is not derived from the cluster's name. */
	get statefulSets(): readonly string[] | undefined {
		return undefined;
	}

	/** The Services through which clients reach it. */
	get services(): readonly string[] {
		return [clientServiceName(this.name)];
	}

	get httpPort(): number {
		return ports.http;
	}

	/** The settings that the cluster was last created or configured with; the given ones if it stores none. */
	settings(stored: Stored | undefined): KeptSettings {
		return stored?.settings ?? kept(this.given);
	}

	shape(stored: Stored): Shape {
		const { shards = 1, replicas = 1 } = stored;
		return { name: this.name, namespace: this.api.namespace, shards, replicas, settings: this.settings(stored) };
	}

	/** Its record was deleted after it was last seen. */
	gone(): ControlError {
		return new ControlError(
			`the record of '${this.name}', the ConfigMap ${recordName(this.name)}, was deleted just now. Run pulumi up again: it says what is left of the cluster, and what to do.`,
		);
	}

	/** Resolved once per process, so that one rollout gives all replicas the same image. */
	image(settings: KeptSettings, version: DbVersion): Promise<Image> {
		return this.images(`${settings.image} ${version}`, () => resolveImage(settings.image, version, this.pin));
	}

	/** A pod's server, with the login that this pod was created with: during a rollout of another login they differ. */
	async server(pod: Pod, settings: KeptSettings): Promise<Server> {
		return new Server(this.api, pod.metadata.name, await this.credentials(this.login(pod, settings)), this.httpPort);
	}

	/** Asks a pod's server; `undefined` if it does not run. */
	async ask<T>(pod: Pod | undefined, settings: KeptSettings, question: (server: Server) => Promise<T>) {
		// A server that stops waits for its connections to end: ours must not be among them.
		const isUp = pod && serverStatus(pod)?.state?.running && pod.metadata.deletionTimestamp === undefined;
		return isUp ? question(await this.server(pod, settings)) : undefined;
	}

	/** What a pod's server said lately of its replication. */
	recentAnswers(pod: Pod | undefined): RecentAnswers {
		const { name = "", uid } = pod?.metadata ?? {};
		const known = this.answers.get(name);
		if (known !== undefined && known.uid === uid) return known.recent;
		const recent = {};
		this.answers.set(name, { uid, recent });
		return recent;
	}

	protected login(pod: Pod, settings: KeptSettings): Login {
		return loginOf(pod) ?? settings;
	}

	credentials(login: Login): Promise<Credentials | undefined> {
		const key = JSON.stringify([login.user, login.passwordSecret]);
		return this.logins(key, () => readCredentials(this.api, login));
	}

	pods(): Promise<readonly Pod[]> {
		return this.api.list<Pod>("pods", { labels: clusterSelector(this.name) });
	}

	/** A replica's pod: by one list request for all that are asked for at the same moment, as by a preview. */
	async pod(replica: string): Promise<Pod | undefined> {
		this.listing ??= Promise.resolve().then(() => {
			this.listing = undefined;
			return this.pods();
		});
		return podOf(await this.listing, replica);
	}

	sets(): Promise<readonly StatefulSet[]> {
		return this.api.list<StatefulSet>("statefulsets", { labels: clusterSelector(this.name) });
	}

	set(shard: number): Promise<StatefulSet | undefined> {
		return this.api.get<StatefulSet>("statefulsets", shardName(this, shard));
	}

	slices(): Promise<readonly EndpointSlice[]> {
		const labels = `${serviceLabel} in (${this.services.join(",")})`;
		return this.api.list<EndpointSlice>("endpointslices", { labels });
	}

	/** Shard and ordinal of a replica, even one that is joining or leaving; throws if the name is unknown. */
	place(replica: string): { shard: number; ordinal: number } {
		const place = parseReplica(this, replica);
		if (place === undefined) throw new ControlError(`the cluster '${this.name}' has no replica '${replica}'`);
		return place;
	}
}

/** Calls once per key, and again only after a failure. */
function oncePerKey<T>(): (key: string, call: () => Promise<T>) => Promise<T> {
	const known = new Map<string, Promise<T>>();
	return (key, call) => {
		const before = known.get(key);
		if (before !== undefined) return before;
		const answer = call();
		answer.catch(() => known.delete(key));
		known.set(key, answer);
		return answer;
	};
}

/** The names of all replicas, by shard, then by ordinal. */
export function names(cluster: Named, { shards = 1, replicas = 1 }: Pick<Stored, "shards" | "replicas">): string[] {
	return indexes(shards).flatMap((shard) => indexes(replicas).map((ordinal) => replicaName(cluster, shard, ordinal)));
}

/** The names of the replicas that a shard's StatefulSet has. */
export const membersOf = (cluster: Named, size: Pick<Stored, "shards" | "replicas">, set: string): string[] =>
	names(cluster, size).filter((replica) => replica.replace(/-\d+$/, "") === set);

export const podOf = (pods: readonly Pod[], replica: string) => pods.find(({ metadata }) => metadata.name === replica);

/** Whether clients reach the pod through this Service, or through any. */
export function inEndpoints(slices: readonly EndpointSlice[], pod: Pod, service?: string): boolean {
	return slices.some(
		({ metadata, endpoints = [] }) =>
			(service === undefined || metadata.labels?.[serviceLabel] === service) &&
			(endpoints ?? []).some(
				({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.uid === pod.metadata.uid,
			),
	);
}
