import { homedir } from "node:os";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hiding, secretsIn } from "../../../src/pulumi/native/hiding";
import { opened, sealed } from "../../../src/pulumi/native/values";

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

describe("what was sealed because it is worked out from a secret", () => {
	const replicas = [{ name: "db-0-0", version: "1.8.0", openedBy: "1.8.5" }];
	const workedOut = {
		recorded: { name: "db", state: "Started", replicas, mark: { from: "1.8.1", to: "1.8.2" } },
		caveats: { "1.7.1 -> 1.8.0": { order: "db-0-0" } },
		endpoint: "http://shop.db.svc:8123",
		written: "1.8",
		previousVersion: "1.7.1",
		replicaVersions: [{ name: "db-0-1", version: "1.7.3" }],
		lastUpdate: { from: "1.6.1", to: "1.6.2", outcome: "stopped", seconds: 14.33, replicas: [{ name: "db-0-2" }] },
	};
	const text = "db-0-0, db-0-1 and db-0-2 of http://shop.db.svc:8123: Started, stopped after 14.33 s at";
	const versions = "1.8.5 1.8.2 1.8.1 1.8.0 1.7.3 1.7.1 1.6.2 1.6.1";

	test("stays readable, and the secret does not", () => {
		const kubernetes = { config: { "a.xml": "<hunter2/>" }, namespace: "shop" };
		const given = sealed({ version: "1.8.0", kubernetes, ...workedOut }, [["kubernetes", "config", "a.xml"]]);
		expect(given.recorded).toEqual(secret(workedOut.recorded));
		expect(hidden(given, `${text} ${versions}: <hunter2/>`)).toBe(`${text} ${versions}: [secret]`);
		const named = sealed({ kubernetes, ...workedOut }, [["kubernetes", "namespace"]]);
		expect(hidden(named, workedOut.endpoint)).toBe("http://[secret].db.svc:8123");
	});

	test("tells no version if that is the secret, nor one that it was before", () => {
		const given = sealed({ version: "1.8.0", ...workedOut }, [["version"]]);
		const left = versions.replace(/\S+/g, "[secret]");
		expect(hidden(given, `${text} ${versions}`)).toBe(`${text} ${left}`);
		// The program's own words for it are nowhere else.
		expect(hidden(sealed({ version: "1.9.0", written: "1.9-lts" }, [["version"]]), "1.9-lts")).toBe("[secret]");
	});

	test("is hidden if the program itself says so, by additionalSecretOutputs", () => {
		expect(hidden({ ...workedOut, endpoint: secret(workedOut.endpoint) }, `${text} 1.8.0`)).toBe(
			`${text.replace(workedOut.endpoint, "[secret]")} 1.8.0`,
		);
	});

	test("is not named if its value is in an id: the program can change nothing about it", () => {
		const given = opened(sealed({ name: "db", labels: { a: "shop" }, ...workedOut }, [["labels", "a"]]));
		expect(secretsIn(given, "kubernetes:shop/db-0-0")).toEqual([["labels", "a"]]);
	});
});
