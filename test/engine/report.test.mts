import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEstimate } from "../../src/cli/report/estimate.ts";
import { fleet, type Previewed } from "./previews.mts";
import { root } from "./project.mts";
import { newVersion, oldVersion } from "./stack.mts";

/** What `pulumi preview --json | npx pulumi-dbcluster report` prints. */
function report({ json }: Previewed, ...flags: string[]): string {
	const args = [join(root, "dist/cli/main.js"), "report", ...flags];
	return execFileSync(process.execPath, args, { input: json, encoding: "utf8" });
}

const old = { version: oldVersion };
const later = { version: newVersion };

test("reports how a cluster comes to be, is updated, and is not taken back", async () => {
	const db = await fleet();
	await db.cluster("analytics", { replicas: 2 });
	expect(report(await db.previewed("create"))).toContain(`| \`analytics\` | ✨ will be created | ${oldVersion} |`);
	await db.upOk();
	expect(report(await db.previewed("same"))).toContain(`\`analytics\` (${oldVersion}; ${newVersion} is available)`);
	// Without --show-sames the CLI names nothing that is unchanged.
	expect(report(await db.previewed("same-hidden", "--diff"))).toContain("No database cluster is in this preview.");

	await db.cluster("analytics", later);
	const bump = await db.previewed("bump");
	expect(bump.status).toBe(0);
	expect(report(bump)).toContain(
		[
			`#### ⬆️ \`analytics\` will be updated: ${oldVersion} → ${newVersion}`,
			"",
			"- **reads**: SELECT keeps working",
			"- **writes**: may fail for a while as each replica restarts",
			"- **order**: analytics-0-1, then analytics-0-0",
			"- **return**: not possible, because a DB version is never downgraded",
		].join("\n"),
	);
	await db.cluster("analytics", { version: "latest", deletionPolicy: "Delete" });
	expect(report(await db.previewed("bump-latest"))).toBe(report(bump));
	await db.upOk();
	// What the next report estimates by is what this update left.
	const { lastUpdate } = (await db.resource()).outputs;
	expect(readEstimate(lastUpdate)).toMatchObject({ from: oldVersion, to: newVersion, replicas: 2 });

	await db.cluster("analytics", old);
	const back = await db.previewed("downgrade");
	expect(back.status).not.toBe(0);
	expect(report(back)).toContain(
		`- \`version\`: ${oldVersion} is older than ${newVersion}, which the cluster runs, and a DB version never goes back.`,
	);
});

test("reports several clusters, also where one is refused or the program fails", async () => {
	const db = await fleet();
	for (const [path, args] of [
		["analytics", { replicas: 2 }],
		["orders", later],
		["shop/logs", {}],
		["logs", { name: "other-logs" }],
	] as const) {
		await db.cluster(path, args);
	}
	await db.upOk();

	await db.cluster("analytics", later);
	await db.cluster("orders", old);
	const refused = await db.previewed("one-refused");
	expect(refused.status).not.toBe(0);
	await db.stateFile("state");
	const state = ["--state", join(db.folder, "export.json")];
	const told = report(refused, ...state);
	expect(told).toContain("**The preview failed.** 1 refused, ");
	expect(told).toContain("| `orders` | ⛔ refused | ");
	// How far it comes before it ends differs from run to run.
	for (const name of ["analytics", "shop/logs", "logs"]) expect(told).toContain(`\`${name}\``);
	expect(told).not.toContain("will be created");

	await db.cluster("orders", later);
	await db.cluster("shop/logs", { ...later, update: { policy: "any" } });
	expect(report(await db.previewed("fleet"))).toContain("**2 will be updated, 2 unchanged**");

	db.set({ fail: "no such shop" });
	const thrown = await db.previewed("throws");
	expect(thrown.status).not.toBe(0);
	expect(report(thrown)).toContain("1 error is not about a database cluster.");
	db.set({ fail: undefined });

	await db.cluster("analytics", { version: "v26.7", replicas: 0, desiredState: "On", replcas: 3 });
	expect(report(await db.previewed("inputs-wrong"))).toContain("- `replcas`: there is no property replcas.");
	await db.cluster("analytics", { ...old, replicas: 2, desiredState: undefined, replcas: undefined });
	await db.cluster("shop/logs", { ...old, local: undefined });
	expect(report(await db.previewed("place-missing"))).toContain("- it must say where the cluster lives");

	await db.cluster("shop/logs", undefined);
	expect(report(await db.previewed("delete"))).toContain("| `shop/logs` | 🗑️ will be deleted |");
	await db.cluster("analytics", { update: { drainSeconds: 20, policy: "any" }, desiredState: "Stopped" });
	expect(report(await db.previewed("settings"))).toContain("- **after the update**: the cluster will be stopped");
});

const resource = (name: string) => `urn:pulumi:test::test::pulumi-nodejs:dynamic/dbcluster:DbCluster::${name}`;

test("counts all steps of a resource: of a refresh, a replacement that deletes first, and one that is retained", async () => {
	const db = await fleet();
	const before = { options: { deleteBeforeReplace: true, replacementTrigger: "1" } };
	await db.cluster("orders", { ...before, deletionPolicy: "Delete" });
	await db.cluster("logs", before);
	await db.cluster("events", { options: { retainOnDelete: true } });
	await db.upOk();

	await db.cluster("logs", later);
	expect(report(await db.previewed("refresh", "--refresh", "--show-sames"))).toContain(
		"**1 will be updated, 2 unchanged**",
	);
	await db.cluster("logs", { ...old, options: { ...before.options, replacementTrigger: "2" } });
	await db.cluster("orders", { options: { ...before.options, replacementTrigger: "2" } });
	await db.cluster("events", undefined);
	const moved = await db.previewed("replaced");
	const told = report(moved);
	expect(told).toContain("**2 will be deleted, then created again, 1 will be removed from the state only**");
	expect(told).toMatch(/`orders` will be deleted, .*\n\nIts data is deleted with it: deletionPolicy is Delete\./);
	expect(told).toMatch(/`logs` will be deleted, .*\n\nIts data is kept: /);
	expect(told).toMatch(/`events` will be removed .*\n\nNothing is deleted: retainOnDelete is set\./);
	expect(report(await db.previewed("replaced-steps", "--show-replacement-steps"))).toBe(told);
	expect(report(await db.streamed("stream"))).toBe(told);

	// The other way round nothing is deleted: what is created first takes the cluster over.
	await db.cluster("logs", { options: {} });
	await db.cluster("orders", { options: {} });
	const taint = ["--replace", resource("logs"), "--replace", resource("orders")];
	expect(report(await db.previewed("replaced-after", "--show-replacement-steps", ...taint))).toContain(
		"**1 will be removed from the state only, 2 will be replaced**",
	);

	await db.cluster("orders", { version: "26.5.1.0" });
	const refused = await db.streamed("stream-refused");
	expect(refused.status).not.toBe(0);
	expect(report(refused)).toContain("- `version`: 26.5.1.0 is older than");
	expect(JSON.parse(report(refused, "--json")).clusters[0].refusals).toEqual([
		expect.objectContaining({ property: "version", rule: "no-downgrade" }),
	]);
});
