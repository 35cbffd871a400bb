import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import * as component from "../../src/pulumi/component/schema.json";
import { validate } from "../../src/pulumi/component/validate";
import { check } from "../../src/pulumi/judge/check";
import * as native from "../../src/pulumi/native/schema.json";
import { FakeApi } from "../platforms/kubernetes/fake-api";
import {
	type Key,
	oddValues,
	type PluginSchema,
	pathsOf,
	strangeKeys,
	unknownValue,
	type Values,
	withValue,
} from "./misuse";
import { expectReadable } from "./said";

// An API server that takes everything, and no network: what is wrong here is wrong with the arguments.
vi.mock("../../src/platforms/kubernetes/api/connection", () => ({ connect: () => new FakeApi("db") }));
vi.stubGlobal("fetch", async () => {
	throw Object.assign(new TypeError("fetch failed"), {
		cause: Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" }),
	});
});
vi.spyOn(console, "log").mockImplementation((line) => expectReadable(String(line)));

const folder = mkdtempSync(join(tmpdir(), "dbcluster-abuse-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each argument once, with a value that is right. */
const own = {
	version: "26.7.2.1",
	name: "analytics",
	shards: 1,
	replicas: 2,
	versions: { list: [{ version: "26.7.2.1", engine: "26.7", date: "2026-01-01", notes: "https://example.com/n" }] },
	update: {
		policy: "any",
		localTables: ["default.loc"],
		hold: { seconds: 60 },
		rehearsal: { policy: "off" },
		window: { schedule: "0 2 * * 6", minutes: 60 },
	},
	deletionPolicy: "Retain",
	desiredState: "Started",
};
const server = {
	config: { "a.xml": "<clickhouse/>", "b.yaml": "a: 1" },
	users: { "u.xml": "<clickhouse/>" },
	labels: { team: "data" },
	resources: { requests: { memory: "1Gi" }, limits: { memory: "2Gi" } },
};
const kubernetes = {
	namespace: "db",
	image: "127.0.0.1:1/db",
	passwordSecret: { name: "p" },
	...server,
	keeper: ["k:2181"],
};
const starts: readonly Values[] = [
	{ ...own, adopt: false, owner: "p/s/a", local: { directory: join(folder, "x"), port: 21_234 } },
	{ ...own, adopt: false, owner: "p/s/a", kubernetes },
	{
		...own,
		adopt: true,
		owner: "p/s/a",
		kubernetes: {
			namespace: "db",
			image: "127.0.0.1:1/db:{version}-r*",
			existing: { statefulSets: ["a"], services: ["s"] },
		},
	},
];

const changes = (paths: readonly Key[][]) => {
	const anywhere = fc.constantFrom<Key[]>(...paths);
	const neighbour = fc
		.tuple(fc.constantFrom<Key[]>([], ...paths), strangeKeys)
		.map(([path, key]): Key[] => [...path, key]);
	const place = fc.oneof({ weight: 5, arbitrary: anywhere }, { weight: 1, arbitrary: neighbour });
	return fc.array(fc.tuple(place, oddValues), { minLength: 1, maxLength: 3 });
};

const changed = (start: Values, those: readonly (readonly [readonly Key[], unknown])[]) =>
	those.reduce<unknown>((values, [path, value]) => withValue(values, path, value), start) as Values;

describe("DbCluster", () => {
	const paths = pathsOf(native as unknown as PluginSchema);

	test("every combination ends in refusals that a person can read, one for each property, or in none", async () => {
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...starts), changes(paths), async (start, those) => {
				const { failures = [] } = await check({}, changed(start, those));
				const named = failures.map(({ property, reason }) => (property === "" ? reason : `${property}: ${reason}`));
				for (const text of named) expectReadable(text);
				for (const text of named) expect(text).toMatch(/[.?!](?: \[[a-z-]+\])?$/);
				// Which property it is; or what of all of them.
				for (const text of named)
					expect(text).toMatch(
						/^[\w$@/.[\]-]*(\[".*"\]\S*)*: | are both given, |^it must say |^there is no property /s,
					);
				expect(new Set(named).size).toBe(named.length);
			}),
			{ numRuns: 2000 },
		);
		expect(({} as { polluted?: true }).polluted).toBeUndefined();
	});

	const typeAt = pathsOf(native as unknown as PluginSchema).map((path) => [path.join("."), path] as const);

	test.each(typeAt)(
		"%s of another kind is refused by its name, and is no matter while it is unknown",
		async (_, path) => {
			const start = starts.find((each) => Object.hasOwn(each, path[0] ?? "")) ?? (starts[0] as Values);
			const [, , adopted] = starts;
			const base = path[1] === "existing" ? (adopted as Values) : start;
			// A list that nests another is right nowhere; nor is a function of the language by its name.
			const wrong = [[[["x"]]], [{ constructor: 1 }]];
			const open = ["kubernetes.affinity", "kubernetes.tolerations"];
			for (const value of wrong) {
				const at = path.join(".");
				if (open.some((begin) => at.startsWith(begin))) continue;
				const { failures = [] } = await check({}, changed(base, [[path, value]]));
				const said = failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
				expect(said).toContain(String(path.filter((key) => typeof key === "string" && key !== "k").at(-1)));
			}
			const { failures = [] } = await check({}, changed(base, [[path, unknownValue]]));
			const said = failures.map(({ reason }) => reason).join("\n");
			expect(said).not.toContain(unknownValue);
			expectReadable(said, 10_000);
		},
	);

	test("what is unknown is never a secret's name or value in a refusal", async () => {
		const hidden = "hunter2-kubeconfig\napiVersion: v1\u001b[31m";
		const { failures = [] } = await check(
			{},
			{ ...own, owner: "o", replicas: 0, kubernetes: { ...kubernetes, kubeconfig: [hidden] } },
		);
		expect(failures.length).toBeGreaterThan(1);
		expect(JSON.stringify(failures)).not.toContain("hunter2");
	});
});

describe("KubernetesDbCluster", () => {
	const paths = pathsOf(component as unknown as PluginSchema);
	const start: Values = {
		...own,
		namespace: "db",
		...server,
		keeper: { replicas: 3, storage: "1Gi" },
		ingress: { host: "a.example" },
		networkPolicy: { clients: [{ podLabels: { app: "shop" } }], egress: [{ cidr: "10.0.0.0/8", ports: [443] }] },
	};

	test("every combination ends in one error that a person can read, or is declared", () => {
		fc.assert(
			fc.property(changes(paths), (those) => {
				try {
					validate("analytics", changed(start, those) as never);
				} catch (error) {
					expect(error).toBeInstanceOf(pulumi.RunError);
					const [, ...lines] = (error as Error).message.split("\n");
					for (const line of lines) expectReadable(line);
					expect(new Set(lines).size).toBe(lines.length);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	test("a value that contains itself is refused", () => {
		const circle: { self?: unknown } = {};
		circle.self = circle;
		expect(() => validate("analytics", { ...start, affinity: circle } as never)).toThrow(
			/affinity: it is nested more than/,
		);
	});
});
