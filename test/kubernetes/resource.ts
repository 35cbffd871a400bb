import { expect } from "vitest";
import { create } from "../../src/pulumi/apply/create";
import { destroy } from "../../src/pulumi/apply/delete";
import type { Imported } from "../../src/pulumi/apply/imported";
import { read } from "../../src/pulumi/apply/read";
import { update } from "../../src/pulumi/apply/update";
import { check } from "../../src/pulumi/judge/check";
import { hasChanges } from "../../src/pulumi/judge/diff";
import { reasonsIn } from "../reasons";

export type Properties = Record<string, unknown>;

/** What Pulumi does of one resource on a real cluster: state goes from one run to the next. */
export class Resource {
	private id = "";
	private inputs: Properties = {};
	outputs: Properties = {};

	/** @param base arguments that stay the same. */
	constructor(private readonly base: Properties) {}

	/** `changes`: whether an `up` would do something. */
	async preview(args: Properties) {
		const { inputs = {}, failures } = await check(this.inputs, { ...this.base, ...args });
		return { inputs, refused: reasonsIn(failures), changes: this.id === "" || hasChanges(this.outputs, inputs) };
	}

	/** Carries out what a preview found to be fine, and leaves an unchanged resource alone; its outputs. */
	async up(args: Properties): Promise<Properties> {
		const { inputs, refused, changes } = await this.preview(args);
		expect(refused).toEqual([]);
		if (changes) await this.apply(inputs);
		this.inputs = inputs;
		return this.outputs;
	}

	/** Carries out inputs that a check let pass; as with Pulumi, the state keeps the old ones where it throws. */
	async apply(inputs: Properties): Promise<void> {
		if (this.id === "") {
			const { id, outs } = await create(inputs);
			Object.assign(this, { id, outputs: outs });
		} else this.outputs = (await update(this.id, this.outputs, inputs)).outs ?? {};
		this.inputs = inputs;
	}

	/** Takes over what an import found as its state. */
	enter({ id, inputs, outputs }: Imported): void {
		Object.assign(this, { id, inputs, outputs });
	}

	/** As with Pulumi, of a resource whose state this is. */
	async destroy(): Promise<void> {
		await destroy(this.id, this.outputs);
	}

	async refresh(): Promise<Properties> {
		const { props = {}, inputs = {} } = await read(this.id, this.outputs);
		Object.assign(this, { outputs: props, inputs });
		return this.outputs;
	}
}
