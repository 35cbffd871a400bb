import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cases } from "./cases";
import { type Declared, declare } from "./declared";

/**
 * One file a release: what users have in their states and on their clusters. It is written once, before the release, by
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
	for (const [name, args] of Object.entries(cases)) all[name] = identities((await declare(args)).declared);
	writeFileSync(join(folder, `${writing}.json`), `${JSON.stringify(all, null, "\t")}\n`, { flag: "wx" });
});

test.skipIf(writing)("there is a baseline", () => {
	expect(releases).toContain("0.1.0.json");
});

test.each(releases)("nothing that %s made would be replaced, renamed or left behind", async (release) => {
	const before = JSON.parse(readFileSync(join(folder, release), "utf8"));
	expect(Object.keys(before).length).toBeGreaterThan(0);
	for (const [name, objects] of Object.entries(before)) {
		const args = cases[name];
		if (args === undefined) throw new Error(`the case ${name} of ${release} is gone`);
		// New children may come; those that were there must be there, the same.
		const now = JSON.parse(JSON.stringify(identities((await declare(args)).declared)));
		expect(now).toEqual(expect.arrayContaining(objects as object[]));
	}
});

test("a child that is renamed would be noticed", async () => {
	const before = identities((await declare(cases.minimal ?? { version: "1.8.0" })).declared);
	const after = identities((await declare(cases.minimal ?? { version: "1.8.0" }, { name: "other" })).declared);
	expect(after).not.toEqual(expect.arrayContaining(before));
});
