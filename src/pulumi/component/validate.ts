import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
	accepted,
	listOf,
	mapOf,
	port,
	problemsIn,
	textOf,
	trueOrFalse,
	volumeSize,
	wholeNumber,
} from "../../control/accepts";
import { harmless } from "../../core/visible";
import { settingKeys } from "../../platforms/kubernetes/render/settings-schema";
import { misshapen } from "../args/misshapen";
import { parse } from "../args/parse";
import { type InputProblem, stranger } from "../args/problem";
import { type Path, pathText, shownPath, splitUnknown } from "../args/unknown";
import { unknownValue } from "../stored";
import type { KubernetesDbClusterArgs } from "./args";

export const defaultImage = "myscale/myscaledb";

/** Arguments that go to DbCluster under the same names. */
export const clusterKeys = [
	"version",
	"shards",
	"replicas",
	"versions",
	"update",
	"desiredState",
	"deletionPolicy",
	"adopt",
];

const notUnderTheSameName = ["namespace", "kubeconfig", "existing", "keeper", "passwordSecret", "serviceAccountName"];

/** Arguments that go to DbCluster's `kubernetes` under the same names. */
export const serverKeys = settingKeys.filter((key) => !notUnderTheSameName.includes(key));

/** Arguments that become one of DbCluster's. */
const renamedKeys = ["name", "namespace", "kubeconfig", "passwordSecret"];

const object = (example: string) => accepted(`an object such as ${example}`);
const labels = mapOf(z.string(accepted("text", 'Put it in quotes, such as "true".')), '{ app: "shop" }');

const peerShape = {
	podLabels: labels.optional(),
	namespaceLabels: labels.optional(),
	cidr: z
		.union([z.cidrv4(), z.cidrv6()], accepted('a range of addresses, such as "10.0.0.0/8" or "fd00::/8"'))
		.optional(),
};
/** `{}` would be nobody for one and everybody for another reader. */
function onePeer(
	{ cidr, podLabels, namespaceLabels }: z.output<z.ZodObject<typeof peerShape>>,
	context: z.RefinementCtx,
) {
	const byLabels = podLabels !== undefined || namespaceLabels !== undefined;
	if ((cidr !== undefined) === byLabels)
		context.addIssue({
			code: "custom",
			message: byLabels
				? "it has cidr and labels, and a peer can have only one of them: make it two peers."
				: "it is empty: name addresses by cidr, or pods by podLabels and namespaceLabels ({} is all of them).",
		});
}
const peers = listOf(
	z.strictObject(peerShape, object('{ podLabels: { app: "shop" } }')).superRefine(onePeer),
	'[{ podLabels: { app: "shop" } }]',
).optional();
const ports = z
	.array(port(), accepted("a list of ports, such as [443]"))
	.min(1, { error: "the list is empty: name the ports, such as [443]." });
const destinations = listOf(
	z.strictObject({ ...peerShape, ports }, object('{ cidr: "0.0.0.0/0", ports: [443] }')).superRefine(onePeer),
	'[{ cidr: "0.0.0.0/0", ports: [443] }]',
).optional();

const hostName = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const keeperCount = accepted("1 or 3", "Leave it out for 3: with two, the loss of either would be an outage.");

/** What is the component's own; all else DbCluster reads. */
export const componentSchema = z.strictObject({
	createNamespace: trueOrFalse(true),
	// Its value is never repeated.
	password: z
		.string({ error: "it is not text: give it from the stack's secrets, or leave it out for a random one." })
		.min(1, { error: "it is empty: give it from the stack's secrets, or leave it out for a random one." })
		.optional(),
	passwordGeneration: wholeNumber(1, 1_000_000, 1),
	keeper: z
		.strictObject(
			{
				hosts: listOf(z.unknown(), '["zookeeper-0.zookeeper:2181"]')
					.min(1, { error: "the list is empty: name the hosts, or leave it out to have a Keeper created." })
					.optional(),
				replicas: z.literal([1, 3], keeperCount).optional(),
				image: textOf('an image, such as "clickhouse/clickhouse-keeper:25.8.30.16"').optional(),
				storage: volumeSize().optional(),
				resources: z.looseObject({}, object('{ requests: { memory: "1Gi" } }')).optional(),
			},
			object("{ replicas: 3 }"),
		)
		.optional(),
	ingress: z
		.strictObject(
			{
				host: textOf('a host name, such as "analytics.example.com"', undefined, hostName),
				className: textOf("the name of an IngressClass").optional(),
				tlsSecret: textOf("the name of a Secret").optional(),
				annotations: labels.optional(),
			},
			object('{ host: "analytics.example.com" }'),
		)
		.optional(),
	networkPolicy: z
		.strictObject(
			{
				enabled: trueOrFalse(true),
				clients: peers,
				apiServer: peers.refine((given) => given?.length !== 0, {
					error:
						"the list is empty, so the policy would block DbCluster, which queries the servers through the API server. Leave it out for no restriction.",
				}),
				metrics: peers,
				egress: destinations,
			},
			object('{ clients: [{ podLabels: { app: "shop" } }] }'),
		)
		.optional(),
	serviceMonitor: z
		.strictObject({ labels: labels.optional(), interval: textOf('a duration, such as "30s"').optional() }, object("{}"))
		.optional(),
	serviceAccountAnnotations: labels.optional(),
});

/** They decide which objects there are, or are part of a child's name. */
const structural =
	/^(name|createNamespace|deletionPolicy|passwordSecret|passwordGeneration|keeper(\.(hosts|replicas))?|ingress|serviceMonitor|networkPolicy(\.(enabled|(clients|apiServer|metrics|egress)(\[\d+\](\.ports.*)?)?))?)$/;

/** @throws pulumi.RunError when an argument has a problem; it names all of them. */
export function validate(name: string, args: KubernetesDbClusterArgs): void {
	const problems = problemsOf(name, args);
	if (problems.length === 0) return;
	const lines = problems.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`));
	throw new pulumi.RunError(harmless(`KubernetesDbCluster '${name}' can't be declared:\n  ${lines.join("\n  ")}`));
}

function problemsOf(name: string, args: KubernetesDbClusterArgs): InputProblem[] {
	const given = (settle(args ?? {}) ?? {}) as Record<string, unknown>;
	const problemsOfShape = misshapen(given);
	if (problemsOfShape.length > 0) return problemsOfShape;
	const { known, unknown } = splitUnknown(given) as { known: Record<string, unknown>; unknown: Path[] };
	const names = [...Object.keys(componentSchema.shape), ...clusterKeys, ...serverKeys, ...renamedKeys];
	return [
		...Object.keys(given)
			.filter((key) => !names.includes(key))
			.map((key) => stranger([], key, names)),
		...unknown
			.map(pathText)
			.filter((path) => structural.test(path))
			.map((property) => ({
				property,
				reason: "it is not known yet, and decides which objects are created: give a plain value.",
			})),
		...ownProblems(known, unknown),
		...clusterProblems(name, given),
	];
}

function ownProblems(known: Record<string, unknown>, unknown: readonly Path[]): InputProblem[] {
	const read = componentSchema.safeParse(select(known, Object.keys(componentSchema.shape)));
	const issues = (read.success ? [] : read.error.issues).filter(
		({ code, path }) => !unknown.some((at) => begins(path, at) || (code === "custom" && begins(at, path))),
	);
	return [
		...problemsIn(componentSchema, issues).map(({ path, reason }) => ({
			property: shownPath(path),
			reason,
		})),
		...conflicts(known),
	];
}

const begins = (path: readonly PropertyKey[], start: readonly PropertyKey[]) =>
	start.every((key, index) => key === path[index]);

function conflicts({ keeper, password, passwordSecret, passwordGeneration }: Record<string, unknown>): InputProblem[] {
	const found: InputProblem[] = [];
	if (passwordSecret !== undefined && (password !== undefined || passwordGeneration !== undefined))
		found.push({
			property: "passwordSecret",
			reason: `passwordSecret and ${password === undefined ? "passwordGeneration" : "password"} are both set: keep one. To change the password with passwordSecret, name another Secret.`,
		});
	const { hosts, ...made } = (keeper ?? {}) as Record<string, unknown>;
	if (hosts !== undefined && Object.keys(made).length > 0)
		found.push({
			property: "keeper.hosts",
			reason: `no Keeper is created if hosts are given: leave out ${Object.keys(made).join(", ")}, or hosts.`,
		});
	return found;
}

/** As DbCluster will say them, under the names that they have here. */
function clusterProblems(name: string, given: Record<string, unknown>): InputProblem[] {
	const { hosts } = (given.keeper ?? {}) as { hosts?: unknown };
	const cluster = given.name ?? name;
	const { problems = [] } = parse({
		...select(given, clusterKeys),
		owner: "",
		name: cluster,
		kubernetes: {
			image: defaultImage,
			...select(given, [...serverKeys, "kubeconfig"]),
			namespace: given.namespace ?? cluster,
			passwordSecret: given.passwordSecret ?? { name: "x" },
			...(Array.isArray(hosts) && { keeper: hosts }),
		},
	});
	return problems.map(({ property, reason }) => ({
		property: property.replace(/^kubernetes\./, "").replace(/^keeper\[/, "keeper.hosts["),
		reason,
	}));
}

/** With the marker of a value that is not known yet in the place of outputs and promises. What is too deep is left as it is. */
function settle(value: unknown, depth = 0): unknown {
	if (typeof value !== "object" || value === null || depth > 100) return value;
	if (pulumi.Output.isInstance(value) || value instanceof Promise) return unknownValue;
	if (Array.isArray(value)) return value.map((each) => settle(each, depth + 1));
	const settled = Object.entries(value).map(([key, each]) => [key, settle(each, depth + 1)]);
	return Object.fromEntries(settled.filter(([, each]) => each !== undefined));
}

export function select(object: object, keys: readonly string[]): Record<string, unknown> {
	const given = Object.entries(object);
	return Object.fromEntries(given.filter(([key, value]) => keys.includes(key) && value !== undefined));
}
