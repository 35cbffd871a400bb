import { homedir } from "node:os";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hiding, secretsIn } from "../../../src/pulumi/native/hiding";
import { opened } from "../../../src/pulumi/native/values";

const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });
const hidden = (properties: Record<string, unknown>, text: string) => hiding(() => [opened(properties)])(text);

test("the values of secrets, at any depth, are no longer in a text, and all others are", () => {
	const given = { version: secret("1.8.0"), name: "shop", local: secret({ port: 8123, engines: { "1.8.0": "/eng" } }) };
	expect(hidden(given, "shop: 1.8.0 of /eng on 8123")).toBe("shop: [secret] of [secret] on [secret]");
	expect(hidden({ keeper: ["one.db", secret("two.db")] }, "one.db, two.db")).toBe("one.db, [secret]");
});

test("one that is a part of another leaves nothing of that", () => {
	expect(hidden({ name: secret("shop"), kubernetes: { namespace: secret("shop-live") } }, "shop-live/shop")).toBe(
		"[secret]/[secret]",
	);
});

test("a folder is hidden as it is written and as it is found", () => {
	const given = { local: { directory: secret("~/hidden") } };
	expect(hidden(given, `~/hidden is ${homedir()}/hidden`)).toBe("[secret] is [secret]");
});

test("what is as short as 2 stays, as in Pulumi itself", () => {
	expect(hidden({ replicas: secret(2), version: secret("") }, "2 replicas")).toBe("2 replicas");
});

test("no text holds a secret of three characters or more afterwards, whatever the texts are", () => {
	const word = fc.string({ minLength: 3, maxLength: 8 }).filter((text) => !"[secret]".includes(text));
	fc.assert(
		fc.property(fc.array(word, { maxLength: 4 }), fc.array(fc.string()), (words, others) => {
			const left = hidden({ list: words.map(secret) }, [...others, ...words].join(" "));
			for (const one of words) expect(left.split("[secret]").join("\n")).not.toContain(one);
		}),
	);
});

test("the secrets whose value is in an id are named", () => {
	const given = opened({ version: secret("1.8.0"), local: { directory: secret("/data/a"), port: secret(8123) } });
	expect(secretsIn(given, "local:/data/a/shop")).toEqual([["local", "directory"]]);
	expect(secretsIn(opened({ name: "shop" }), "local:/data/a/shop")).toEqual([]);
});
