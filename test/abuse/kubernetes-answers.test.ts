import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ControlError } from "../../src/control/errors";
import type { ApiAnswer, ApiCall } from "../../src/platforms/kubernetes/api/wire";
import { imported } from "../../src/pulumi/apply/imported";
import { OneLineError } from "../../src/pulumi/host/failure";
import * as provider from "../../src/pulumi/provider";
import { FakeApi, type Thing } from "../platforms/kubernetes/fake-api";
import { reasonsIn } from "../reasons";
import { fakeRegistry } from "../remote/fake-registry";
import { type Garbling, garbled, garblings } from "./garbled";
import { hostileTexts } from "./misuse";
import { expectReadable } from "./said";

/** One answer of all that a check asks for comes in some other form. */
class GarblingApi extends FakeApi {
	fault: { readonly call: number; readonly garbling: Garbling; readonly status: number } | undefined;
	#count = 0;

	from(fault: GarblingApi["fault"]) {
		this.fault = fault;
		this.#count = 0;
	}

	override async send(call: ApiCall): Promise<ApiAnswer> {
		const answer = await super.send(call);
		if (this.fault === undefined || this.#count++ !== this.fault.call) return answer;
		return { status: this.fault.status || answer.status, text: garbled(answer.text, this.fault.garbling) };
	}
}

const there = vi.hoisted(() => ({ api: undefined as unknown }));
vi.mock("../../src/platforms/kubernetes/api/connection", () => ({ connect: () => there.api }));
const registry = fakeRegistry(["1.7.1", "1.8.0", "1.9.0"]);

let api: GarblingApi;
let kubernetes: Thing;
let time = Date.parse("2026-11-28T10:00:00Z");
beforeEach(async () => {
	// Nobody waits until a server has caught up.
	vi.spyOn(Date, "now").mockImplementation(() => {
		time += 500;
		return time;
	});
	vi.spyOn(console, "log").mockImplementation((line) => expectReadable(String(line)));
	api = new GarblingApi("db");
	api.put("secrets", { metadata: { name: "db-password" }, data: { password: "cGFzcw==" } });
	there.api = api;
	kubernetes = { namespace: "db", image: (await registry).image, passwordSecret: { name: "db-password" } };
});
afterEach(() => vi.restoreAllMocks());

const owner = "p/s/db";

async function created(): Promise<Thing> {
	const args = { name: "db", owner, version: "1.8.0", update: { policy: "any" }, kubernetes };
	const { inputs = {}, failures } = await provider.check({}, args);
	expect(reasonsIn(failures)).toEqual([]);
	const { id, outs = {} } = await provider.create(inputs);
	return { id, inputs, outputs: outs };
}

/** What people and programs get of a call: its own words, never a bug of ours. */
async function readable(call: Promise<unknown>): Promise<void> {
	const found = await call.catch((error: unknown) => {
		if (error instanceof ControlError || error instanceof OneLineError) return { said: error.message };
		throw error;
	});
	const { said, failures = [], inputs } = found as Thing;
	if (said !== undefined) expectReadable(said);
	for (const { property, reason } of failures) expectReadable(`${property}: ${reason}`);
	for (const lines of Object.values((inputs?.caveats ?? {}) as Record<string, Record<string, string>>))
		for (const [name, line] of Object.entries(lines)) expectReadable(`${name}: ${line}`);
}

test("whatever an API server or a proxy answers, a preview, a refresh and an import end in words", async () => {
	const { id, inputs, outputs } = await created();
	const faults = fc.record({
		call: fc.nat({ max: 12 }),
		garbling: garblings,
		status: fc.constantFrom(0, 0, 0, 0, 200, 403, 404, 409, 422, 500, 503),
	});
	const asked = fc.constantFrom("preview", "rescale", "refresh", "import");
	await fc.assert(
		fc.asyncProperty(asked, faults, async (what, fault) => {
			api.from(fault);
			if (what === "preview") await readable(provider.check(inputs, { ...inputs, version: "1.9.0" }));
			else if (what === "rescale") await readable(provider.check(inputs, { ...inputs, replicas: 3 }));
			else if (what === "refresh") await readable(provider.read(id, outputs));
			else await readable(imported(id, owner));
		}),
		{ numRuns: 1500 },
	);
});

test("whatever servers answer to a query, a preview ends in words", async () => {
	const { inputs } = await created();
	const rows = fc.array(
		fc.dictionary(
			fc.constantFrom(
				...["database", "name", "table", "engine", "version", "queries", "value", "path", "exception", "is_readonly"],
				...["log_pointer", "log_max_index", "inserts_in_queue", "rows", "cluster", "host", "shard", "i", "__proto__"],
			),
			fc.oneof(fc.constantFrom<unknown>(...hostileTexts, 0, -1, 1e21, null, [], {}, "9".repeat(400)), fc.jsonValue()),
		),
		{ maxLength: 4 },
	);
	const lines = rows.map((all) => all.map((row) => JSON.stringify(row)).join("\n"));
	const answers = fc.oneof(
		lines,
		fc.constantFrom("null", "7", "[]", "{", "<html>", ...hostileTexts, '{"exception":"\\u001b[31mCode: 1"}'),
		fc.string({ unit: "binary" }),
	);
	await fc.assert(
		fc.asyncProperty(
			fc.array(answers, { minLength: 1, maxLength: 4 }),
			fc.constantFrom(200, 200, 404, 500),
			async (all, status) => {
				let count = 0;
				api.answer = () => ({ status, text: all[count++ % all.length] ?? "" });
				await readable(provider.check(inputs, { ...inputs, version: "1.9.0" }));
			},
		),
		{ numRuns: 500 },
	);
});
