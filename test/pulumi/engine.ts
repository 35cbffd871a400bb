import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { expect } from "vitest";
import { withoutUndefined } from "../../src/pulumi/args/inputs";
import type { Unfinished } from "../../src/pulumi/host/failure";
import * as provider from "../../src/pulumi/provider";
import { readRule } from "../../src/words/refusals";
import { reasonsIn } from "../reasons";

export type Properties = Record<string, unknown>;

export const text = "exports.handler = ...";
export const base = { owner: "p/s/a", name: "a", scripted: {}, __provider: text };

/** Fails like Pulumi's own messages where a property holds an `undefined`, however deep. */
export function sent<Sent extends object | undefined>(properties: Sent): Sent {
	Struct.fromJavaScript((properties ?? {}) as Parameters<typeof Struct.fromJavaScript>[0]);
	return properties;
}

/** What Pulumi does of a resource: its state goes from one run to the next. */
export class Engine {
	id = "";
	inputs: Properties = {};
	outputs: Properties = {};

	async preview(args: Properties) {
		// A program leaves a property out as well by giving `undefined`: Pulumi sends none.
		const news = withoutUndefined({ ...base, ...args });
		const { inputs = {}, failures = [] } = await provider.check(this.inputs, news);
		sent(inputs);
		const refused = reasonsIn(failures);
		const rules = failures.map(({ reason }) => readRule(reason).rule);
		const { changes } = this.id === "" ? { changes: true } : await provider.diff(this.id, this.outputs, inputs);
		return { inputs: { ...inputs, __provider: text }, refused, rules, changes };
	}

	async up(args: Properties) {
		const { inputs, refused, changes } = await this.preview(args);
		expect(refused).toEqual([]);
		if (this.id === "") {
			const { id, outs } = await provider.create(inputs);
			Object.assign(this, { id, outputs: { ...sent(outs), __provider: text } });
		} else if (changes) {
			const { outs } = await provider.update(this.id, this.outputs, inputs);
			this.outputs = { ...sent(outs), __provider: text };
		}
		this.inputs = inputs;
		return changes;
	}

	/** The message of an `up` that fails. What it throws is what Pulumi keeps: of a create with the inputs, too. */
	async fails(args: Properties): Promise<string> {
		const { inputs } = await this.preview(args);
		const error = await this.up(args).then(
			() => new Error("it did not fail"),
			(reason: Error) => reason,
		);
		const { id, properties } = error as Partial<Unfinished>;
		if (this.id === "" && id !== undefined) Object.assign(this, { id, inputs });
		if (properties !== undefined) this.outputs = { ...sent(properties) };
		return error.message;
	}

	async refresh() {
		const { id = "", inputs = {}, props = {} } = await provider.read(this.id, this.outputs);
		Object.assign(this, { id, inputs, outputs: props });
		sent({ inputs, props });
	}
}

export async function running(version = "1.7.1", args: Properties = {}): Promise<Engine> {
	const engine = new Engine();
	await engine.up({ version, ...args });
	return engine;
}
