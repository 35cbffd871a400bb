import { expect, test } from "vitest";
import { elsewhereOf, trialSettings } from "../../../../src/platforms/kubernetes/trial/settings";
import { ScriptedServer } from "../../../rehearsal/server";

test("a server that is tried asks no Keeper for users, functions or collections", () => {
	const plain = trialSettings();
	for (const name of ["zookeeper", "keeper", "user_defined_zookeeper_path", "named_collections_storage"])
		expect(plain).toContain(`<${name} remove="1"/>`);
	// ClickHouse would take it for a setting where there is no user_directories.
	expect(plain).not.toContain("user_directories");
	expect(trialSettings({ users: true })).toContain('<user_directories><replicated remove="1"/></user_directories>');
});

test("the root element is one that every server takes for that of its own file", () =>
	expect(trialSettings()).toMatch(/^<yandex>.*<\/yandex>$/));

test("a server that is tried has its tables on its own volume", () => {
	expect(trialSettings()).not.toContain("merge_tree");
	expect(trialSettings({ tables: true })).toContain("<storage_policy>default</storage_policy>");
});

test("what is elsewhere is asked of a replica", async () => {
	const replica = new ScriptedServer((sql) =>
		sql.includes("user_directories") ? [{ name: "replicated" }] : [{ value: "s3" }],
	);
	expect(await elsewhereOf(replica)).toEqual({ keeper: true, users: true, tables: true });
	const none = { keeper: false, users: false, tables: false };
	expect(await elsewhereOf(new ScriptedServer())).toEqual(none);
	const old = new ScriptedServer(
		undefined,
		() => "Code: 60. DB::Exception: Table system.user_directories doesn't exist",
	);
	expect(await elsewhereOf(old)).toEqual(none);
});
