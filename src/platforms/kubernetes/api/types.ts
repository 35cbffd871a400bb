/** The fields of API objects that are read here, as on the wire. All others pass through untouched. */
export interface Meta {
	readonly name: string;
	readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
	readonly namespace?: string;
	readonly uid?: string;
	readonly resourceVersion?: string;
	readonly generation?: number;
	readonly creationTimestamp?: string;
	readonly deletionTimestamp?: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly annotations?: Readonly<Record<string, string>>;
}

export interface KubeObject {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: Meta;
	readonly [field: string]: unknown;
}

export interface ConfigMap {
	readonly metadata: Meta;
	readonly data?: Readonly<Record<string, string>>;
}

export interface Container {
	readonly name: string;
	readonly image?: string;
	readonly readinessProbe?: object;
	readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
	readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
	readonly env?: readonly {
		readonly name: string;
		readonly value?: string;
		readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
	}[];
}

/** Besides its name it has one more field, which gives its kind. */
export interface Volume {
	readonly name: string;
	readonly persistentVolumeClaim?: { readonly claimName: string };
	readonly [kind: string]: unknown;
}

export interface PodTemplate {
	readonly metadata?: Partial<Meta>;
	readonly spec: { readonly containers: readonly Container[]; readonly volumes?: readonly Volume[] };
}

export interface StatefulSet {
	readonly metadata: Meta;
	readonly spec: {
		readonly replicas?: number;
		readonly template: PodTemplate;
		/** A volume of this name in each pod. */
		readonly volumeClaimTemplates?: readonly {
			readonly metadata: Pick<Meta, "name">;
			readonly spec?: VolumeClaim["spec"];
		}[];
		readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
		readonly podManagementPolicy?: string;
		readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
		readonly ordinals?: { readonly start?: number };
		/** Each is Retain unless given. */
		readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string; readonly whenScaled?: string };
	};
	readonly status?: {
		readonly observedGeneration?: number;
		readonly currentRevision?: string;
		readonly updateRevision?: string;
	};
}

export interface ContainerState {
	readonly waiting?: { readonly reason?: string; readonly message?: string };
	readonly running?: { readonly startedAt?: string };
	readonly terminated?: { readonly reason?: string; readonly exitCode?: number; readonly message?: string };
}

export interface ContainerStatus {
	readonly name: string;
	readonly imageID?: string;
	readonly ready?: boolean;
	readonly started?: boolean;
	readonly restartCount?: number;
	readonly state?: ContainerState;
	readonly lastState?: ContainerState;
}

export interface Condition {
	readonly type: string;
	readonly status: string;
	readonly reason?: string;
	readonly message?: string;
	readonly lastTransitionTime?: string;
}

export interface Pod {
	readonly metadata: Meta;
	readonly spec: PodTemplate["spec"] & { readonly nodeName?: string };
	readonly status?: {
		readonly phase?: string;
		readonly reason?: string;
		readonly message?: string;
		readonly conditions?: readonly Condition[];
		readonly containerStatuses?: readonly ContainerStatus[];
		readonly initContainerStatuses?: readonly ContainerStatus[];
	};
}

export interface Service {
	readonly metadata: Meta;
	readonly spec: {
		readonly clusterIP?: string;
		readonly selector?: Readonly<Record<string, string>> | null;
		readonly publishNotReadyAddresses?: boolean;
		readonly ports?: readonly { readonly port: number }[];
	};
}

export interface EndpointSlice {
	readonly metadata: Meta;
	readonly endpoints?: readonly {
		readonly conditions?: { readonly ready?: boolean };
		readonly targetRef?: { readonly name?: string; readonly uid?: string };
	}[];
}

export interface Event {
	readonly reason?: string;
	readonly message?: string;
	readonly count?: number;
	readonly series?: { readonly count?: number };
	readonly lastTimestamp?: string;
	readonly eventTime?: string;
	readonly metadata: Meta;
}

export interface VolumeClaim {
	readonly metadata: Meta;
	readonly spec?: {
		readonly storageClassName?: string;
		readonly resources?: { readonly requests?: { readonly storage?: string } };
	};
	readonly status?: { readonly phase?: string };
}
