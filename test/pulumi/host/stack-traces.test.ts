import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DbCluster } from "../../../src/index";
import { withoutPromiseTraces } from "../../../src/pulumi/host/stack-traces";

const vitests = Error.prepareStackTrace;
/** The function on top of each trace that was spelled out. */
const spelled: (string | null)[] = [];
/** As ts-node has it in a program: it maps each line to the source. */
const mapping = (error: Error, sites: NodeJS.CallSite[]) => {
	spelled.push(sites[0]?.getFunctionName() ?? null);
	return `${error}\n    at mapped (index.ts:1:1)`;
};

beforeEach(() => {
	spelled.length = 0;
	Error.prepareStackTrace = mapping;
});
afterEach(() => {
	Error.prepareStackTrace = vitests;
	delete process.env.PULUMI_DEBUG_PROMISE_LEAKS;
});

const debuggablePromise = () => new Error("a promise").stack;
const anything = () => new Error("a failure").stack;

test("the trace of a promise is left out, any other is mapped as ever", () => {
	const restore = withoutPromiseTraces();
	expect(debuggablePromise()).toBe("Error: a promise");
	expect(anything()).toContain("index.ts:1:1");
	const shownLater = new Error("made meanwhile");
	restore();
	expect(shownLater.stack).toContain("index.ts:1:1");
	expect(debuggablePromise()).toContain("index.ts:1:1");
	expect(Error.prepareStackTrace).toBe(mapping);
});

test("whoever looks for leaked promises gets their traces", () => {
	process.env.PULUMI_DEBUG_PROMISE_LEAKS = "1";
	const restore = withoutPromiseTraces();
	expect(debuggablePromise()).toContain("index.ts:1:1");
	restore();
});

test("nothing is put in where nothing maps traces, and what another put in meanwhile stays", () => {
	Object.assign(Error, { prepareStackTrace: undefined });
	withoutPromiseTraces()();
	expect(Error.prepareStackTrace).toBeUndefined();

	Error.prepareStackTrace = mapping;
	const restore = withoutPromiseTraces();
	const another = () => "";
	Error.prepareStackTrace = another;
	restore();
	expect(Error.prepareStackTrace).toBe(another);
});

test("a cluster spells out none for its promises, but where it stands in the program, and puts things back", async () => {
	await pulumi.runtime.setMocks({ newResource: ({ inputs }) => ({ id: "id", state: inputs }), call: () => ({}) });
	spelled.length = 0;
	const db = new DbCluster("analytics", { version: "1.8.0", local: {} });
	expect(Error.prepareStackTrace).toBe(mapping);
	// If this fails, Pulumi makes its promises otherwise: look anew at what a cluster costs in `pulumi preview`.
	expect(spelled).not.toContain("debuggablePromise");
	expect(spelled).toContain("callsites");
	expect(() => new DbCluster("", { version: "1.8.0", local: {} })).toThrow();
	expect(Error.prepareStackTrace).toBe(mapping);
	await new Promise((resolve) => db.urn.apply(resolve));
});
