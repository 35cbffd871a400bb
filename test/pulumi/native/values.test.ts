import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { opened, sealed, unmarkedIn } from "../../../src/pulumi/native/values";

const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });
const engines = { "26.7.2.1": "/engine" };

describe("the marks of secrets", () => {
	test("come off, and go back to where they were", () => {
		const given = { version: "1.8.0", local: { port: secret(8123), engines }, keeper: ["a", secret("b")] };
		const { value, secrets } = opened(given);
		expect(value).toEqual({ version: "1.8.0", local: { port: 8123, engines }, keeper: ["a", "b"] });
		expect(sealed(value, secrets)).toEqual(given);
	});

	test("go to what is worked out from them", () => {
		const { secrets } = opened({ local: secret({ port: 8123 }) });
		expect(sealed({ local: { port: 1 }, endpoint: "http://a", caveats: { a: {} }, state: "Started" }, secrets)).toEqual(
			{
				local: secret({ port: 1 }),
				endpoint: secret("http://a"),
				caveats: secret({ a: {} }),
				state: "Started",
			},
		);
		const version = opened({ version: secret("1.8.0") });
		expect(sealed({ version: "1.8.0", previousVersion: "1.7.1", endpoint: "http://a" }, version.secrets)).toEqual({
			version: secret("1.8.0"),
			previousVersion: secret("1.7.1"),
			endpoint: "http://a",
		});
	});

	test("a kubeconfig is secret always, and makes nothing else so", () => {
		const kubernetes = { namespace: "db", kubeconfig: "users: []" };
		const hidden = { namespace: "db", kubeconfig: secret("users: []") };
		expect(sealed({ kubernetes, endpoint: "http://a", caveats: {} }, [])).toEqual({
			kubernetes: hidden,
			endpoint: "http://a",
			caveats: {},
		});
		const { value, secrets } = opened({ kubernetes: hidden, caveats: { a: {} } });
		expect(sealed(value, secrets)).toEqual({ kubernetes: hidden, caveats: { a: {} } });
	});

	test("hide all of what has another shape than it had", () => {
		const { secrets } = opened({ update: { localTables: [secret("a.b")] } });
		expect(sealed({ update: "none" }, secrets)).toEqual({ update: secret("none") });
	});

	test("survive there and back in any tree, and no secret value is left outside a mark", () => {
		const leaf = fc.oneof(
			fc.integer(),
			fc.string(),
			fc.boolean(),
			fc.constant(secret("hidden")),
			fc.constant(secret({ a: ["hidden"] })),
		);
		const tree = fc.letrec((tie) => ({
			node: fc.oneof(
				{ depthSize: "small" },
				leaf,
				fc.array(tie("node"), { maxLength: 3 }),
				fc.dictionary(fc.constantFrom("a", "b", "c"), tie("node"), { noNullPrototype: true }),
			),
		})).node;
		fc.assert(
			fc.property(fc.dictionary(fc.constantFrom("update", "labels"), tree, { noNullPrototype: true }), (given) => {
				const { value, secrets } = opened(given);
				expect(JSON.stringify(value)).not.toContain(specialSecretSig);
				expect(sealed(value, secrets)).toEqual(given);
			}),
		);
	});

	test("are missed where old outputs have in plain what the program has made secret since", () => {
		const olds = opened({ version: "1.8.0", local: { port: 8123 }, endpoint: "http://a", caveats: {} });
		const given = {
			version: "1.8.0",
			local: secret({ port: 8123 }),
			endpoint: secret("http://a"),
			caveats: secret({}),
		};
		expect(unmarkedIn(olds, opened(given))).toEqual([["local"], ["endpoint"]]);
		expect(unmarkedIn(opened(given), opened(given))).toEqual([]);
		const inside = opened({ version: "1.8.0", local: { port: secret(8123) } });
		expect(unmarkedIn(opened(given), inside)).toEqual([]);
		expect(unmarkedIn(olds, inside)).toEqual([["local", "port"]]);
	});
});
