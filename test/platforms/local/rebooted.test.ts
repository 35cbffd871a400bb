import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as provider from "../../../src/pulumi/provider";
import { LocalPlace, owner, until, versions } from "./place";

// After the machine was restarted nothing of a cluster runs, and its record knows nothing of that.

type Properties = Record<string, unknown>;

let place: LocalPlace;
let inputs: Properties;
let outputs: Properties;
let id: string;
beforeEach(async () => {
	vi.spyOn(console, "log").mockReturnValue();
	place = await LocalPlace.open();
	({ inputs } = await preview({}, { desiredState: "Started" }));
	const { id: made, outs = {} } = await provider.create(inputs);
	[id, outputs] = [made, outs];
});
afterEach(async () => {
	vi.restoreAllMocks();
	await place?.close();
});

async function reboot(): Promise<void> {
	for (const which of ["router", "0-0", "0-1"]) place.kill(which);
	await until("all is over", 30, async () => Object.keys(place.processes()).length === 0 || undefined);
}

async function preview(olds: Properties, args: Properties) {
	const given = { name: "db", owner, version: versions.v1, replicas: 2, local: place.settings, ...args };
	const { inputs: checked, failures } = await provider.check(olds, given);
	return { inputs: checked as Properties, refused: failures?.map(({ reason }) => reason) };
}

async function up(args: Properties): Promise<void> {
	const { inputs: news, refused } = await preview(inputs, args);
	expect(refused).toEqual([]);
	const { outs = {} } = await provider.update(id, outputs, news);
	[inputs, outputs] = [news, outs];
}

it("is updated as the preview says: nothing starts unless the program says Started", async () => {
	await up({});
	await reboot();
	const { inputs: news } = await preview(inputs, { version: versions.v2 });
	expect(news.caveats).toMatchObject({
		[`${versions.v1} -> ${versions.v2}`]: { state: "Stopped, and stays so" },
	});
	await up({ version: versions.v2 });
	expect(outputs.state).toBe("Stopped");
	expect(place.processes()).toEqual({});
	// Each starts with the new version, and none was started with the old one meanwhile.
	await up({ version: versions.v2, desiredState: "Started" });
	expect(outputs).toMatchObject({
		state: "Started",
		replicaVersions: [{ version: versions.v2 }, { version: versions.v2 }],
	});
});

it("is resized by the way out that the refusal names, though the program said Started all along", async () => {
	await reboot();
	const larger = { replicas: 3, desiredState: "Started" };
	expect((await preview(inputs, larger)).refused).toEqual([
		expect.stringContaining(
			'Set replicas to 2, set desiredState to "Started" and run pulumi up --refresh; then change replicas.',
		),
	]);
	const refreshed = await provider.read(id, outputs);
	[inputs, outputs] = [refreshed.inputs as Properties, refreshed.props as Properties];
	await up({ desiredState: "Started" });
	expect(outputs.state).toBe("Started");
	await up(larger);
	expect(outputs.replicaVersions).toHaveLength(3);
});
