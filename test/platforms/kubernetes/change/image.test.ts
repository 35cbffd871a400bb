import { describe, expect, it } from "vitest";
import type { Pod, StatefulSet } from "../../../../src/platforms/kubernetes/api/types";
import type { Connection } from "../../../../src/platforms/kubernetes/api/wire";
import { Cluster } from "../../../../src/platforms/kubernetes/ask/cluster";
import type { Stored } from "../../../../src/platforms/kubernetes/ask/record";
import { imageOf } from "../../../../src/platforms/kubernetes/change/apply";
import { statefulSet } from "../../../../src/platforms/kubernetes/render/objects";
import { readSettings } from "../../../../src/platforms/kubernetes/render/settings-schema";
import { kept, type Shape } from "../../../../src/platforms/kubernetes/render/shape";
import { v } from "../../../build";
import { type FakeRegistry, fakeRegistry } from "../../../remote/fake-registry";

const nowhere: Connection = {
	server: "https://test",
	now: () => 0,
	awayAt: () => undefined,
	send: async () => ({ status: 404, text: "{}" }),
};

/** A cluster whose record has the image `before`, and whose one pod runs what its StatefulSet has, if it has one. */
async function imageFor(registry: FakeRegistry, after: string, live?: { before: string; reference: string }) {
	const settingsOf = (image: string) => {
		const read = readSettings({ namespace: "ns", image, passwordSecret: { name: "p" } });
		if ("problems" in read) throw new Error(JSON.stringify(read.problems));
		return read.settings;
	};
	const settings = settingsOf(`${registry.image}${after}`);
	const shape: Shape = { name: "db", namespace: "ns", shards: 1, replicas: 1, settings: kept(settings) };
	const stored: Stored = {
		fence: 0,
		openedBy: {},
		opening: {},
		shards: 1,
		replicas: 1,
		settings: kept(settingsOf(`${registry.image}${live?.before ?? after}`)),
	};
	const image = live && { reference: `${registry.image}${live.reference}`, version: v("1.8.0"), pullAlways: false };
	const set = image && (statefulSet(shape, 0, image, { replicas: 1 }) as unknown as StatefulSet);
	const pod = set && {
		...set.spec.template,
		metadata: { ...set.spec.template.metadata, name: "db-0-0", uid: "1" },
		status: { containerStatuses: [{ name: "server", imageID: "sha256:1", state: { running: {} } }] },
	};
	const seen = { stored, sets: set ? [set] : [], pods: pod ? [pod as unknown as Pod] : [] };
	const found = await imageOf(new Cluster("db", settings, undefined, nowhere), seen, shape, 0, v("1.8.0"));
	// biome-ignore lint/suspicious/noExplicitAny: what is rendered is checked field by field
	const rendered = statefulSet(shape, 0, found, { replicas: 1 }) as any;
	return rendered.spec.template.spec.containers[0].image.replace(registry.image, "");
}

describe("the image of a StatefulSet, of tags with a revision", () => {
	const tags = ["1.8.0-r1", "1.8.0-r9", "1.8.0-r10", "1.9.0-r1"];
	const pattern = ":{version}-r*";

	it("is the highest of the version, as a tag with its digest", async () => {
		expect(await imageFor(await fakeRegistry(tags), pattern)).toBe(":1.8.0-r10@sha256:1.8.0-r10");
	});

	it.each([
		["that is there", pattern, pattern],
		["of an image that spelled it", ":{version}-r1", pattern],
	])("stays the one %s, and the registry is not asked", async (_, before, after) => {
		const registry = await fakeRegistry(tags);
		const reference = ":1.8.0-r1@sha256:1.8.0-r1";
		expect(await imageFor(registry, after, { before, reference })).toBe(reference);
		expect(registry.server?.asked).toEqual([]);
	});

	it("is another one if the image names others now", async () => {
		const registry = await fakeRegistry([...tags, "1.8.0-ubi2"]);
		const live = { before: pattern, reference: ":1.8.0-r1@sha256:1.8.0-r1" };
		expect(await imageFor(registry, ":{version}-ubi*", live)).toBe(":1.8.0-ubi2@sha256:1.8.0-ubi2");
	});
});
