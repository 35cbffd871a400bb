import { mkdirSync, writeFileSync } from "node:fs";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as schema from "../../src/pulumi/native/schema.json";
import {
	hostileTexts,
	type Key,
	oddValues,
	type PluginSchema,
	pathsOf,
	unknownValue,
	withValue,
} from "../abuse/misuse";
import { expectReadable } from "../abuse/said";
import { EngineLog } from "./engine";
import { Host, type Properties } from "./host";
import { Scratch } from "./scratch";

// What a program may pass by mistake, over the real wire; thousands of cases without it are in test/abuse.

const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });

let scratch: Scratch;
let engine: EngineLog;
let host: Host;
beforeAll(async () => {
	scratch = new Scratch();
	// Looks like an engine.
	mkdirSync(`${scratch.folder}/engine`);
	for (const file of ["libchdb.so", "chdb_node.node"]) writeFileSync(`${scratch.folder}/engine/${file}`, "");
	engine = new EngineLog();
	host = new Host(scratch.folder, "native", await engine.listen());
});
afterAll(async () => {
	await host?.stop();
	engine?.close();
	scratch?.remove();
});

const start = () => ({
	version: "26.7.2.1",
	local: { directory: `${scratch.folder}/c`, engines: { "26.7.2.1": `${scratch.folder}/engine` } },
});
const paths = pathsOf(schema as unknown as PluginSchema).filter(([first]) => first !== "kubernetes");

/** What the wire itself can carry: no deeper than its own decoders go, and no name that its objects can't hold. */
const carried = oddValues.filter((value) => {
	try {
		return !JSON.stringify(value ?? null).includes("__proto__");
	} catch {
		return false;
	}
});

test("each ends in refusals that a person can read, and the host goes on", async () => {
	const readable = async (path: Key[], value: unknown) => {
		const { failures } = await host.check({}, withValue(start(), path, value) as Properties);
		for (const { property, reason } of failures) expectReadable(`${property}: ${reason}`);
	};
	// Nothing is left to chance of what is hostile or has no end; in no other test is an engine found.
	for (const path of paths) for (const text of hostileTexts) await readable(path, text);
	await fc.assert(
		fc.asyncProperty(fc.constantFrom(...paths), carried, async (path, value) => {
			await readable(path, value);
		}),
		{ numRuns: 150 },
	);
	expect(host.lines.filter((line) => /^\s+at |Error:/.test(line))).toEqual([]);
});

test("a value that is a secret is in no refusal, and on no property of which the engine would print it", async () => {
	const word = "hunter2-\u001b[31mtop";
	await fc.assert(
		fc.asyncProperty(
			fc.constantFrom(...paths),
			fc.constantFrom<unknown>(word, [word], { k: word }),
			async (path, value) => {
				const { failures } = await host.check({}, withValue(start(), path, secret(value)) as Properties);
				expect(JSON.stringify(failures)).not.toContain("hunter2");
				for (const { property } of failures) expect(property).not.toBe(path[0]);
			},
		),
		{ numRuns: 80 },
	);
	const { failures } = await host.check({}, { ...start(), replicas: secret(7_654_321) });
	expect(failures).toEqual([
		{ property: "", reason: "replicas: [secret] is not a whole number from 1 to 64. Leave it out for 2." },
	]);
});

test("what is nested without end is refused by its name, and what is unknown is none of a check's business", async () => {
	let deep: unknown = "x";
	for (let level = 0; level < 80; level++) deep = [deep];
	const { failures } = await host.check({}, { ...start(), update: { window: { schedule: deep } } });
	expect(failures).toEqual([
		{ property: "", reason: expect.stringMatching(/^update: it is nested more than 64 levels deep\./) },
	]);
	for (const name of ["version", "replicas", "update", "name", "versions", "local"]) {
		const { failures: none } = await host.check({}, { ...start(), [name]: unknownValue });
		expect([name, none]).toEqual([name, []]);
	}
});
