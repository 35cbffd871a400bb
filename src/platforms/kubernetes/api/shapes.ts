import { z } from "zod";

// Of all fields that are read here the kind, as an API server guarantees it: a proxy, a login page or another server may
// answer in its place. All other fields pass.

const text = z.string().nullish();
const number = z.number().nullish();
const flag = z.boolean().nullish();
const texts = z.record(z.string(), z.string()).nullish();
const some = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).nullish();
const many = <Shape extends z.ZodRawShape>(shape: Shape) => z.array(z.object(shape)).nullish();

const meta = {
	uid: text,
	resourceVersion: text,
	generation: number,
	creationTimestamp: text,
	deletionTimestamp: text,
	labels: texts,
	annotations: texts,
	ownerReferences: many({ kind: z.string(), name: z.string(), controller: flag }),
};
const any = { metadata: z.object({ ...meta, name: z.string() }) };

const podSpec = {
	nodeName: text,
	containers: z.array(
		z.object({
			name: z.string(),
			image: text,
			ports: many({ name: text, containerPort: z.number() }),
			volumeMounts: many({ name: z.string(), mountPath: z.string() }),
			env: many({
				name: z.string(),
				value: text,
				valueFrom: some({ secretKeyRef: some({ name: z.string(), key: z.string() }) }),
			}),
		}),
	),
	volumes: many({ name: z.string(), persistentVolumeClaim: some({ claimName: z.string() }) }),
};
const template = z.object({ metadata: some(meta), spec: z.object(podSpec) });

const state = some({
	waiting: some({ reason: text, message: text }),
	running: some({ startedAt: text }),
	terminated: some({ reason: text, exitCode: number, message: text }),
});
const containerStatuses = many({
	name: z.string(),
	imageID: text,
	ready: flag,
	started: flag,
	restartCount: number,
	state,
	lastState: state,
});

const shapes = {
	configmaps: z.object({ ...any, data: texts }),
	secrets: z.object({ ...any, data: texts }),
	poddisruptionbudgets: z.object(any),
	persistentvolumeclaims: z.object({
		...any,
		spec: some({ resources: some({ requests: some({ storage: text }) }) }),
		status: some({ phase: text }),
	}),
	services: z.object({
		...any,
		spec: z.object({
			clusterIP: text,
			selector: texts,
			publishNotReadyAddresses: flag,
			ports: many({ port: z.number() }),
		}),
	}),
	endpointslices: z.object({
		...any,
		endpoints: many({ conditions: some({ ready: flag }), targetRef: some({ name: text, uid: text }) }),
	}),
	events: z.object({
		...any,
		reason: text,
		message: text,
		count: number,
		series: some({ count: number }),
		lastTimestamp: text,
		eventTime: text,
	}),
	statefulsets: z.object({
		...any,
		spec: z.object({
			replicas: number,
			template,
			volumeClaimTemplates: many({ metadata: z.object({ name: z.string() }) }),
			selector: some({ matchLabels: texts }),
			podManagementPolicy: text,
			updateStrategy: some({ type: text, rollingUpdate: some({ partition: number }) }),
			ordinals: some({ start: number }),
		}),
		status: some({ observedGeneration: number, currentRevision: text, updateRevision: text }),
	}),
	pods: z.object({
		...any,
		spec: z.object(podSpec),
		status: some({
			phase: text,
			reason: text,
			message: text,
			conditions: many({
				type: z.string(),
				status: z.string(),
				reason: text,
				message: text,
				lastTransitionTime: text,
			}),
			containerStatuses,
			initContainerStatuses: containerStatuses,
		}),
	}),
};

/** The kinds in use, as paths spell them. */
export type Kind = keyof typeof shapes;

/** Whether something is an object of a kind, as an API server sends it. */
export const isOfKind = (kind: Kind, value: unknown): boolean => shapes[kind].safeParse(value).success;
