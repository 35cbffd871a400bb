import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { makeSdks } from "../../tools/sdks.mts";
import { root } from "../engine/project.mts";

const { missing } = inject("go");
const type = "dbcluster:index:DbCluster";

/** The SDKs of the plugin's schema with one more property of its resource. */
async function sdksWith(properties: object): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "dbc-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	const schema = JSON.parse(readFileSync(join(root, "src/pulumi/native/schema.json"), "utf8"));
	Object.assign(schema.resources[type].properties, properties);
	const file = join(folder, "schema.json");
	writeFileSync(file, JSON.stringify(schema));
	try {
		await makeSdks(join(folder, "sdks"), [file]);
	} finally {
		expect(existsSync(join(folder, "sdks"))).toBe(false);
	}
}

test.skipIf(missing !== undefined)("a schema that binds with an error, or only a warning, gives no SDK", async () => {
	const dangling = { more: { $ref: "#/types/dbcluster:index:Nothing" } };
	await expect(sdksWith(dangling)).rejects.toThrow("type dbcluster:index:Nothing not found");
	await expect(sdksWith({ urn: { type: "string" } })).rejects.toThrow("urn is a reserved property name");
});
