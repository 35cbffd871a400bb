import { z } from "zod";
import type { SettingProblem } from "../../control/platform";

const dnsLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const quantity = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;
const size = /^[1-9][0-9]*(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;
const fileName = /^[A-Za-z0-9][-_.A-Za-z0-9]*\.(xml|yaml|yml)$/;
const host = /^([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$/;
/** A tag or a digest after the last slash; a port before it is fine. */
const taggedImage = /(@|:[^/]+$)/;

const quantities = z.record(
	z.string(),
	z
		.string({ error: "write a quantity as text, such as '500m' or '4Gi'" })
		.regex(quantity, "is no quantity; write it as '500m' or '4Gi'"),
);
const strings = z.record(z.string(), z.string());
const files = z
	.record(z.string(), z.string())
	.superRefine((given, context) => {
		for (const name of Object.keys(given)) {
			if (!fileName.test(name))
				context.addIssue({
					code: "custom",
					path: [name],
					message: "is no file name that the server reads; it ends in .xml or .yaml and holds no slash",
				});
			else if (name === "dbcluster.xml")
				context.addIssue({ code: "custom", path: [name], message: "is the cluster's own file; take another name" });
		}
	})
	.default({});

const resources = z
	.strictObject({ requests: quantities.default({}), limits: quantities.default({}) })
	.superRefine(({ requests, limits }, context) => {
		for (const [kind, limit] of Object.entries(limits)) {
			const request = requests[kind];
			if (request !== undefined && amount(request) > amount(limit))
				context.addIssue({ code: "custom", path: ["requests", kind], message: `is more than the limit, ${limit}` });
		}
	})
	.default({ requests: { cpu: "500m", memory: "2Gi" }, limits: {} });

const schema = z
	.strictObject({
		namespace: z.string().regex(dnsLabel, "is no name of a namespace: lower-case letters, digits and dashes"),
		image: z
			.string()
			.min(1, "is empty; name the image, such as 'myscale/myscaledb'")
			.refine(
				(image) => image.includes("{version}") || !taggedImage.test(image),
				"holds a tag or a digest; leave it out, for the cluster's version is the tag. Where tags are spelt otherwise, write {version} in its place, as in 'myscale/myscaledb:{version}-ubi'",
			),
		kubeconfig: z.string().min(1, "is empty; leave it out for the default kubeconfig").optional(),
		context: z.string().min(1, "is empty; leave it out for the current context").optional(),
		storage: z.string().regex(size, "is no size of a volume; write it as '100Gi'").default("10Gi"),
		storageClass: z.string().regex(dnsSubdomain, "is no name of a StorageClass").optional(),
		resources,
		config: files,
		users: files,
		keeper: z.array(z.string().regex(host, "is no host; write it as 'keeper-0.keeper:2181'")).default([]),
		user: z
			.string()
			.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is no user's name: letters, digits and _")
			.default("default"),
		passwordSecret: z
			.strictObject({
				name: z.string().regex(dnsSubdomain, "is no name of a Secret"),
				key: z.string().min(1).default("password"),
			})
			.optional(),
		imagePullSecrets: z.array(z.string().regex(dnsSubdomain, "is no name of a Secret")).default([]),
		nodeSelector: strings.default({}),
		tolerations: z.array(z.looseObject({})).default([]),
		affinity: z.looseObject({}).optional(),
		serviceAccountName: z.string().regex(dnsSubdomain, "is no name of a ServiceAccount").optional(),
		labels: strings.default({}),
		annotations: strings.default({}),
		service: z
			.strictObject({
				type: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]).default("ClusterIP"),
				annotations: strings.default({}),
			})
			.default({ type: "ClusterIP", annotations: {} }),
		configRoot: z.enum(["clickhouse", "yandex"]).default("clickhouse"),
		readOnlyRootFilesystem: z.boolean().default(false),
		gracePeriodSeconds: z.int().min(1).max(86_400).default(60),
	})
	.superRefine((given, context) => {
		if (given.passwordSecret === undefined && Object.keys(given.users).length === 0)
			context.addIssue({
				code: "custom",
				path: ["passwordSecret"],
				message:
					"is missing: without a password the image's default user answers only inside its own pod. Name a Secret of the namespace, { name, key }, or give files of users",
			});
	});

/** The arguments of `kubernetes`, validated, every default filled in. Plain JSON. */
export type KubernetesSettings = z.output<typeof schema>;

export const settingKeys: readonly string[] = Object.keys(schema.shape);

/** Reads the arguments; names every problem at once. Never throws. */
export function readSettings(
	given: unknown,
): { readonly settings: KubernetesSettings } | { readonly problems: readonly SettingProblem[] } {
	const read = schema.safeParse(given);
	if (read.success) return { settings: read.data };
	return { problems: read.error.issues.flatMap((issue) => problems(issue, given)) };
}

function problems(issue: z.core.$ZodIssue, given: unknown): SettingProblem[] {
	const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
	if (issue.code === "unrecognized_keys")
		return issue.keys.map((key) => ({ path: [...path, key], reason: "is no setting of a cluster on Kubernetes" }));
	const value = path.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], given);
	if (value === undefined && issue.code === "invalid_type") return [{ path, reason: `is missing: ${issue.expected}` }];
	// Only short plain values are repeated: a kubeconfig or a file would be a page, and may hold a secret.
	const shown = typeof value === "string" && value.length <= 80 && path[0] !== "kubeconfig" ? `value {${value}} ` : "";
	return [
		{ path, reason: shown === "" || issue.message.startsWith("value {") ? issue.message : shown + issue.message },
	];
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

/**
 * StatefulSets put a hash of 11 characters behind their name into a label of 63, and pods their shard and ordinal; the
 * longest name of ours is `<name>-<shard>-<ordinal>` as a Service.
 */
export const longestName = 44;

/** Why a cluster can't have this name on Kubernetes; `undefined` when it can. */
export function nameProblem(name: string): string | undefined {
	if (!dnsLabel.test(name)) return `'${name}' is no name on Kubernetes: lower-case letters, digits and dashes`;
	if (name.length > longestName) return `'${name}' has ${name.length} characters, and at most ${longestName} fit`;
	return undefined;
}
