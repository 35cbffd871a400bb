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
	replicaName,
	shardName,
} from "../render/names";
import type { Image } from "../render/pod";
import { indexes } from "../render/server-config";
import type { KubernetesSettings } from "../render/settings";
import { type KeptSettings, kept, type Shape } from "../render/shape";
import { resolveImage } from "./images";
import { RecordStore, type Stored } from "./record";
import { type Credentials, type Login, loginOf, readCredentials, Server } from "./server";

const serviceLabel = "kubernetes.io/service-name";

/** One cluster's objects and the ways to them; what is asked once for good is kept. */
export class Cluster {
	readonly api: Api;
	readonly record: RecordStore;
	private readonly logins = new Map<string, Promise<Credentials | undefined>>();
	private readonly images = new Map<string, Promise<Image>>();
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

	/** The name of each shard's, where that is not made of the cluster's own name. */
	get statefulSets(): readonly string[] | undefined {
		return undefined;
	}

	/** Through which clients reach it. */
	get services(): readonly string[] {
		return [clientServiceName(this.name)];
	}

	get httpPort(): number {
		return ports.http;
	}

	/** The settings that the cluster was last made or configured with; those given where it keeps none. */
	settings(stored: Stored | undefined): KeptSettings {
		return stored?.settings ?? kept(this.given);
	}

	shape(stored: Stored): Shape {
		const { shards = 1, replicas = 1 } = stored;
		return { name: this.name, namespace: this.api.namespace, shards, replicas, settings: this.settings(stored) };
	}

	/** Resolved once in this process, so that one roll gives all replicas the same. */
	image(settings: KeptSettings, version: DbVersion): Promise<Image> {
		const key = `${settings.image} ${version}`;
		let image = this.images.get(key);
		if (image === undefined) {
			image = resolveImage(settings.image, version, this.pin);
			image.catch(() => this.images.delete(key));
			this.images.set(key, image);
		}
		return image;
	}

	/** A pod's server, by the user that this pod knows: while another is rolled out, not all know the same. */
	async server(pod: Pod, settings: KeptSettings): Promise<Server> {
		return new Server(this.api, pod.metadata.name, await this.credentials(this.login(pod, settings)), this.httpPort);
	}

	protected login(pod: Pod, settings: KeptSettings): Login {
		return loginOf(pod) ?? settings;
	}

	credentials(login: Login): Promise<Credentials | undefined> {
		const key = JSON.stringify([login.user, login.passwordSecret]);
		let credentials = this.logins.get(key);
		if (credentials === undefined) {
			credentials = readCredentials(this.api, login);
			credentials.catch(() => this.logins.delete(key));
			this.logins.set(key, credentials);
		}
		return credentials;
	}

	pods(): Promise<readonly Pod[]> {
		return this.api.list<Pod>("pods", { labels: clusterSelector(this.name) });
	}

	/** A replica's pod: by one list for all that are asked for at the same moment, as by a preview. */
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

	/** Shard and ordinal of a replica, also of one that is still to join or has begun to leave; throws when the name is none. */
	place(replica: string): { shard: number; ordinal: number } {
		const place = parseReplica(this, replica);
		if (place === undefined) throw new ControlError(`the cluster '${this.name}' has no replica '${replica}'`);
		return place;
	}
}

/** The names of all replicas, by shard, then by ordinal. */
export function names(cluster: Named, { shards = 1, replicas = 1 }: Pick<Stored, "shards" | "replicas">): string[] {
	return indexes(shards).flatMap((shard) => indexes(replicas).map((ordinal) => replicaName(cluster, shard, ordinal)));
}

export const podOf = (pods: readonly Pod[], replica: string) => pods.find(({ metadata }) => metadata.name === replica);

/** Whether clients reach the pod through a Service; through any of them unless one is named. */
export function inEndpoints(slices: readonly EndpointSlice[], pod: Pod, service?: string): boolean {
	return slices.some(
		({ metadata, endpoints = [] }) =>
			(service === undefined || metadata.labels?.[serviceLabel] === service) &&
			(endpoints ?? []).some(
				({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.uid === pod.metadata.uid,
			),
	);
}
