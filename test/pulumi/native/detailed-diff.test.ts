import { expect, test } from "vitest";
import type { Properties } from "../../../src/pulumi/args/inputs";
import { detailOf } from "../../../src/pulumi/native/detailed-diff";

const detail = (olds: Properties, news: Properties, outputs: Properties = olds) =>
	Object.fromEntries(detailOf(olds, news, outputs));
const local = { directory: "./data", port: 8123, engines: { "26.5.1.1": "/old" } };

test("only what differs, as small as can be, by Pulumi's paths", () => {
	expect(
		detail(
			{ version: "26.5.1.1", replicas: 2, local },
			{
				version: "26.7.2.1",
				replicas: 2,
				local: { ...local, port: 8124, engines: { "26.7.2.1": "/new" } },
				caveats: { "26.5.1.1 -> 26.7.2.1": { reads: "SELECT keeps working" } },
			},
		),
	).toEqual({
		version: "update",
		"local.port": "update",
		'local.engines["26.5.1.1"]': "delete",
		'local.engines["26.7.2.1"]': "add",
		caveats: "add",
	});
});

test("the elements of a list, and a null as what is left out", () => {
	const olds = { update: { localTables: ["a.b", "a.c"], hold: null } };
	expect(detail(olds, { update: { localTables: ["a.b", "a.d", "a.e"] } })).toEqual({
		"update.localTables[1]": "update",
		"update.localTables[2]": "add",
	});
});

test("never what is no input, such as the text of the dynamic face's provider", () => {
	expect(detail({ __provider: "exports.handler", version: "1.7.1" }, { version: "1.8.0" })).toEqual({
		version: "update",
	});
	expect(detail({ state: "Stopped", version: "1.8.0" }, { version: "1.8.0" })).toEqual({});
});

test("what an update that stopped left in the outputs, where no input differs", () => {
	const inputs = { version: "1.8.0", deletionPolicy: "Retain" };
	expect(detail(inputs, inputs, { ...inputs, deletionPolicy: "Delete" })).toEqual({ deletionPolicy: "update" });
});
