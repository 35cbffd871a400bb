import type { ClusterSpec } from "../../../control/port";
import type { KubernetesSettings } from "./settings-schema";

/** The settings that are stored with the cluster: without the connection, which contains credentials. */
export type KeptSettings = Omit<KubernetesSettings, "kubeconfig" | "context">;

/** The desired cluster; without its version, because shards change theirs one after another. */
export interface Shape {
	readonly name: string;
	readonly namespace: string;
	readonly shards: number;
	readonly replicas: number;
	readonly settings: KeptSettings;
}

export function kept({ kubeconfig: _, context: __, ...rest }: KubernetesSettings): KeptSettings {
	return rest;
}

type Wanted = Pick<ClusterSpec<KubernetesSettings>, "name" | "shards" | "replicas" | "settings">;

export const shapeOf = ({ name, shards, replicas, settings }: Wanted): Shape => ({
	name,
	namespace: settings.namespace,
	shards,
	replicas,
	settings: kept(settings),
});
