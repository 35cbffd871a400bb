import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
	accepted,
	integer,
	listOf,
	mapOf,
	port,
	problemsIn,
	shown,
	textOf,
	trueOrFalse,
	volumeSize,
} from "../../../control/accepts";
import type { SettingProblem } from "../../../control/platform";
import { hasClearRevisions, isImageName } from "../../../remote/reference";
import { fileProblems } from "./server-files";

export const dnsLabel = /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const quantity = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;
const fileName = /^[A-Za-z0-9][-_.A-Za-z0-9]*\.(xml|yaml|yml)$/;
const host = /^([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;
/** A tag or a digest after the last slash; a port before it is fine. */
const taggedImage = /(@|:[^/]+$)/;

const secretName = () =>
	textOf("the name of a Secret", "Use lower-case letters, digits, dashes and dots.", dnsSubdomain);
const quantities = mapOf(
	textOf("a quantity", 'Write it as text, such as "500m" or "4Gi".', quantity),
	'{ memory: "4Gi" }',
).default({});
const strings = mapOf(
	z.string(accepted("text", 'Put it in quotes, such as "true" or "7".')),
	'{ key: "value" }',
).default({});

const resources = z
	.strictObject(
		{ requests: quantities, limits: quantities },
		accepted('an object such as { requests: { memory: "4Gi" } }'),
	)
	.superRefine(({ requests, limits }, context) => {
		for (const [kind, limit] of Object.entries(limits)) {
			const request = requests[kind];
			if (request !== undefined && amount(request) > amount(limit))
				context.addIssue({
					code: "custom",
					path: ["requests", kind],
					message: `${shown(request)} is more than the limit, ${shown(limit)}: lower it, or raise the limit.`,
				});
		}
	})
	.default({ requests: { cpu: "500m", memory: "2Gi" }, limits: {} });

const files = mapOf(
	z.string(accepted("the text of a file", "Read it with readFileSync(path, 'utf8').")),
	'{ "limits.xml": "<clickhouse>...</clickhouse>" }',
)
	.superRefine((given, context) => {
		for (const name of Object.keys(given)) {
			const problem = !fileName.test(name)
				? "is not a file that the server reads: its name must end in .xml or .yaml and contain no slash."
				: name === "dbcluster.xml"
					? "is the cluster's own file: use another name, such as zz.xml, which is read after it."
					: undefined;
			if (problem !== undefined)
				context.addIssue({ code: "custom", path: [name], message: `${shown(name)} ${problem}` });
		}
	})
	.default({});

const names = (what: string, example: string) =>
	listOf(
		textOf(`the name of a ${what}`, `Name one of the namespace, such as ${example}.`, dnsSubdomain),
		`[${example}]`,
	)
		.min(1, { error: `the list is empty: name the ${what}s, such as [${example}].` })
		.refine((given) => new Set(given).size === given.length, { error: `it names a ${what} twice: name each once.` });

const existing = z.strictObject(
	{
		statefulSets: names("StatefulSet", '"clickhouse"'),
		services: names("Service", '"clickhouse"'),
		container: textOf("the name of a container", "Name the one that is the server.", dnsLabel).default("clickhouse"),
		httpPort: port().default(8123),
	},
	accepted('an object such as { statefulSets: ["clickhouse"], services: ["clickhouse"] }'),
);

export const kubernetesSchema = z
	.strictObject({
		namespace: textOf("the name of a namespace", "Use lower-case letters, digits and dashes.", dnsLabel),
		image: textOf("an image", 'Name its repository, such as "myscale/myscaledb".')
			.refine((image) => image.includes("{version}") || !taggedImage.test(image), {
				error: ({ input }) =>
					`${shown(input)} has a tag or a digest. Leave it out: the tag is the cluster's version. If the tags contain more than the version, write {version} in its place, as in "myscale/myscaledb:{version}-ubi".`,
			})
			.refine(hasClearRevisions, {
				error: ({ input }) =>
					`${shown(input)} has a * that can't be read as a number. Use * only in a tag with {version}, and not directly next to {version} or another *, as in "myscale/myscaledb:{version}-r*".`,
			})
			.refine(
				isImageName,
				accepted("the name of an image", 'Write it as "myscale/myscaledb" or "registry.example.com:5000/clickhouse".'),
			),
		// Its value is never repeated: it may hold credentials.
		kubeconfig: z
			.string({ error: "it is not text: give the path of a kubeconfig, or its content." })
			.min(1, { error: "it is empty: leave it out for the default kubeconfig." })
			.optional(),
		context: textOf(
			"a context",
			"Name a context of the kubeconfig, or leave it out for the current context.",
		).optional(),
		existing: existing.optional(),
		storage: volumeSize().default("10Gi"),
		storageClass: textOf("the name of a StorageClass", "Leave it out for the default one.", dnsSubdomain).optional(),
		resources,
		config: files,
		users: files,
		keeper: listOf(textOf("a host", 'Write it as "keeper-0.keeper:2181".', host), '["keeper-0.keeper:2181"]').default(
			[],
		),
		user: textOf(
			"the name of a user",
			"Use letters, digits and _, and no digit first.",
			/^[A-Za-z_][A-Za-z0-9_]*$/,
		).default("default"),
		passwordSecret: z
			.strictObject(
				{ name: secretName(), key: textOf('the name of a key in a Secret, such as "password"').default("password") },
				accepted('a reference to a Secret such as { name: "db-password", key: "password" }'),
			)
			.optional(),
		imagePullSecrets: listOf(secretName(), '["registry"]').default([]),
		nodeSelector: strings,
		tolerations: listOf(
			z.looseObject({}, accepted("a toleration", "Write an object as in a pod's spec.")),
			"[{ ... }]",
		).default([]),
		affinity: z.looseObject({}, accepted("an affinity", "Write an object as in a pod's spec.")).optional(),
		serviceAccountName: textOf(
			"the name of a ServiceAccount",
			"Leave it out for the default one.",
			dnsSubdomain,
		).optional(),
		labels: strings,
		annotations: strings,
		service: z
			.strictObject(
				{
					type: z
						.enum(
							["ClusterIP", "NodePort", "LoadBalancer"],
							accepted("a type of Service: ClusterIP, NodePort or LoadBalancer"),
						)
						.default("ClusterIP"),
					annotations: strings,
				},
				accepted('an object such as { type: "LoadBalancer" }'),
			)
			.default({ type: "ClusterIP", annotations: {} }),
		configRoot: z
			.enum(
				["clickhouse", "yandex"],
				accepted(
					'"clickhouse", or "yandex" for servers before 21.10',
					"Name the root element of the server's configuration files.",
				),
			)
			.default("clickhouse"),
		readOnlyRootFilesystem: trueOrFalse(false),
		gracePeriodSeconds: integer(
			1,
			86_400,
			"a whole number of seconds from 1 to 86,400",
			"Leave it out for 60.",
		).default(60),
	})
	.superRefine((given, context) => {
		if (given.existing === undefined && given.passwordSecret === undefined && Object.keys(given.users).length === 0)
			context.addIssue({
				code: "custom",
				path: ["passwordSecret"],
				message:
					"it is missing: without a password the image's default user accepts connections only inside its own pod. Name a Secret of the namespace, { name, key }, or set kubernetes.users.",
			});
	});

/** The arguments of `kubernetes`, validated, every default filled in. Plain JSON. */
export type KubernetesSettings = z.output<typeof kubernetesSchema>;

/** StatefulSets that others made. */
export type Existing = z.output<typeof existing>;

/** The arguments of a cluster that others made. */
export type AdoptedSettings = KubernetesSettings & { readonly existing: Existing };

export const isAdopted = (settings: KubernetesSettings): settings is AdoptedSettings => settings.existing !== undefined;

export const settingKeys: readonly string[] = Object.keys(kubernetesSchema.shape);

/** Reads the arguments; names every problem at once. Never throws. */
export function readSettings(
	given: unknown,
	name?: string,
): { readonly settings: KubernetesSettings } | { readonly problems: readonly SettingProblem[] } {
	const read = kubernetesSchema.safeParse(given);
	const problems = [...problemsIn(kubernetesSchema, read.error?.issues ?? []), ...foreign(given)];
	const isTold = (path: SettingProblem["path"]) => problems.some((told) => isDeepStrictEqual(told.path, path));
	problems.push(...fileProblems(given, name).filter(({ path }) => !isTold(path)));
	return read.success && problems.length === 0 ? { settings: read.data } : { problems };
}

/** The only settings beside `existing`: the others are about pods that are made here. */
export const alsoOfExisting: readonly string[] = [
	"namespace",
	"image",
	"kubeconfig",
	"context",
	"existing",
	"user",
	"passwordSecret",
];

/** What can't be set of existing StatefulSets. */
function foreign(given: unknown): SettingProblem[] {
	const asked = (given ?? {}) as Readonly<Record<string, unknown>>;
	if (asked.existing === undefined || asked.existing === null) return [];
	return settingKeys
		.filter((key) => asked[key] !== undefined && !alsoOfExisting.includes(key))
		.map((key) => ({
			path: [key],
			reason:
				"it can't be set together with existing: those pods follow the template of their StatefulSet. Leave it out here, and change it in the StatefulSet.",
		}));
}

const factors: Record<string, number> = {
	m: 1e-3,
	k: 1e3,
	M: 1e6,
	G: 1e9,
	T: 1e12,
	P: 1e15,
	Ki: 2 ** 10,
	Mi: 2 ** 20,
	Gi: 2 ** 30,
	Ti: 2 ** 40,
	Pi: 2 ** 50,
};

/** A quantity of Kubernetes as a number, for comparing. */
export function amount(text: string): number {
	const [, digits = "0", suffix = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(text) ?? [];
	return Number(digits) * (factors[suffix] ?? 1);
}
