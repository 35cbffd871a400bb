import type { ClusterSpec } from "../../../control/port";
import type { KubernetesSettings } from "./settings";

/** The settings that are kept with the cluster: how it is made, without the way to it, which holds credentials. */
export type KeptSettings = Omit<KubernetesSettings, "kubeconfig" | "context">;

/** A cluster as it is meant to be; its version is apart, since shards change theirs one after another. */
export interface Shape {
	readonly name: string;
	readonly namespace: string;
	readonly shards: number;
	/** Of each shard. */
	readonly replicas: number;
	readonly settings: KeptSettings;
}

export function kept({ kubeconfig: _, context: __, ...rest }: KubernetesSettings): KeptSettings {
	return rest;
}

type Wanted = Pick<ClusterSpec<KubernetesSettings>, "name" | "shards" | "replicas" | "settings">;

/** As a spec asks for it. */
export const shapeOf = ({ name, shards, replicas, settings }: Wanted): Shape => ({
	name,
	namespace: settings.namespace,
	shards,
	replicas,
	settings: kept(settings),
});
