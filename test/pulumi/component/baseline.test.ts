import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare } from "semver";
import { expect, test } from "vitest";
import { cases } from "./cases";
import { type Declared, declare } from "./declared";

/**
 * One file a release: what users have in their states and on their clusters, secrets masked. It is written once, before the release, by
 * `DBCLUSTER_BASELINE=0.2.0 npx vitest run --project fast baseline`, and never changed afterwards.
 */
const folder = join(__dirname, "baseline");
const writing = process.env.DBCLUSTER_BASELINE;
const releases = readdirSync(folder);

/** All by which Pulumi and the API server tell objects apart, and what neither can change without replacing them. */
function identities(declared: readonly Declared[]) {
	return declared.map(({ type, name, parent, inputs, options }) => {
		const { metadata, spec } = inputs as { metadata?: Record<string, unknown>; spec?: Record<string, unknown> };
		const { serviceName, podManagementPolicy, selector, volumeClaimTemplates, clusterIP } = spec ?? {};
		const set = type.endsWith(":StatefulSet") && { serviceName, podManagementPolicy, selector, volumeClaimTemplates };
		const secret = type.endsWith(":Secret") && { immutable: inputs.immutable, secretType: inputs.type };
		return {
			type,
			name,
			parent,
			object: metadata && `${metadata.namespace ?? ""}/${metadata.name}`,
			...(options.retainOnDelete !== undefined && { retainOnDelete: options.retainOnDelete }),
			...set,
			...secret,
			...(clusterIP !== undefined && { clusterIP }),
			...(type.endsWith(":DbCluster") && { owner: inputs.owner, cluster: inputs.name }),
			...(type.endsWith(":RandomPassword") && { password: inputs }),
		};
	});
}

test.runIf(writing)("the baseline is written", async () => {
	const all: Record<string, object[]> = {};
	for (const [name, args] of Object.entries(cases)) all[name] = (await declare(args)).declared;
	writeFileSync(join(folder, `${writing}.json`), `${JSON.stringify(all, null, "\t")}\n`, { flag: "wx" });
});

test.skipIf(writing)("there is a baseline", () => {
	expect(releases).toContain("0.1.0.json");
});

test.each(releases)("nothing that %s made would be replaced, renamed or left behind", async (release) => {
	for (const [before, now] of await sinceThen(release)) {
		// New children may come; those that were there must be there, the same.
		expect(identities(now)).toEqual(expect.arrayContaining(identities(before)));
	}
});

test.skipIf(writing)("what the last release made previews to no change", async () => {
	const last = [...releases].sort((a, b) => compare(a.replace(".json", ""), b.replace(".json", ""))).at(-1) ?? "";
	for (const [before, now] of await sinceThen(last)) {
		const named = (all: readonly Declared[]) => new Map(all.map((each) => [`${each.type} ${each.name}`, each.inputs]));
		expect(named(now)).toEqual(named(before));
	}
});

/** The children of each case, as a release declared them and as they are declared now. */
async function sinceThen(release: string): Promise<[before: readonly Declared[], now: readonly Declared[]][]> {
	const recorded = Object.entries(JSON.parse(readFileSync(join(folder, release), "utf8")));
	expect(recorded.length).toBeGreaterThan(0);
	const all: [readonly Declared[], readonly Declared[]][] = [];
	for (const [name, before] of recorded) {
		const args = cases[name];
		if (args === undefined) throw new Error(`the case ${name} of ${release} is gone`);
		all.push([before as Declared[], JSON.parse(JSON.stringify((await declare(args)).declared))]);
	}
	return all;
}

test("a child that is renamed would be noticed", async () => {
	const before = identities((await declare(cases.minimal ?? { version: "1.8.0" })).declared);
	const after = identities((await declare(cases.minimal ?? { version: "1.8.0" }, { name: "other" })).declared);
	expect(after).not.toEqual(expect.arrayContaining(before));
});
