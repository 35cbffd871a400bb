import { expect, test } from "vitest";
import { fleet } from "./previews.mts";
import { newVersion, oldVersion } from "./stack.mts";

// What docs/pulumi.md says of Pulumi's own options.

const failures = (output: string) => output.match(/^\s*error: .* resource '[^']+'.* has a problem:/gm) ?? [];

test("of several refused clusters a run names one, and --continue-on-error does not carry out the others", async () => {
	const stack = await fleet();
	for (const name of ["one", "two", "three"]) await stack.cluster(name, { version: newVersion });
	await stack.upOk();
	for (const name of ["one", "two"]) await stack.cluster(name, { version: oldVersion });
	const preview = await stack.preview();
	expect(preview.status, preview.output).toBe(1);
	expect(new Set(failures(preview.output)).size).toBe(1);

	const up = await stack.up("--continue-on-error");
	expect(up.status, up.output).toBe(1);
	expect(new Set(failures(up.output)).size).toBe(1);
	expect(up.output).toContain("[no-downgrade]");
});

test("ignoreChanges keeps the version, and customTimeouts end no update", async () => {
	const stack = await fleet();
	await stack.cluster("db", { replicas: 2 });
	await stack.upOk();
	await stack.cluster("db", { version: newVersion, options: { ignoreChanges: ["version"] } });
	expect(await stack.upOk()).not.toContain("updated");
	await stack.cluster("db", { options: { customTimeouts: { update: "1ms" } } });
	expect(await stack.upOk()).toContain(`updated ${oldVersion} -> ${newVersion}`);
});
