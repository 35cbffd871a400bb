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
