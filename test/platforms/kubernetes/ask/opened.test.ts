import { describe, expect, it } from "vitest";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import { everStarted, noteOpening, openedBy, settle, versionOf } from "../../../../src/platforms/kubernetes/ask/opened";
import type { Stored } from "../../../../src/platforms/kubernetes/ask/record";
import { v } from "../../../build";

const image = "myscale/myscaledb";
const empty: Stored = { fence: 0, openedBy: {}, opening: {} };

const pod = (version: string, { started = true, uid = "old", name = "db-0-0" } = {}): Pod => ({
	metadata: { name, uid },
	spec: { containers: [{ name: "server", image: `${image}:${version}` }] },
	status: { containerStatuses: [{ name: "server", ...(started && { imageID: "sha256:1", state: { running: {} } }) }] },
});

const before = settle(empty, [pod("1.7.1")], image);
const begun = noteOpening(before, v("1.8.0"), [{ replica: "db-0-0", pod: pod("1.7.1") }], image);
const opened = (stored: Stored, found: Pod | undefined) => openedBy(stored, "db-0-0", found, image);

describe("which version opened a replica's data", () => {
	it.each<[string, Pod | undefined, string]>([
		["the former pod is still there: not yet", pod("1.7.1"), "1.7.1"],
		["the new pod has not started: not yet", pod("1.8.0", { started: false, uid: "new" }), "1.7.1"],
		["the new pod has started: by the new version", pod("1.8.0", { uid: "new" }), "1.8.0"],
		["there is no pod: it can't be ruled out", undefined, "1.8.0"],
		["another pod of the old version: it can't be ruled out", pod("1.7.1", { uid: "other" }), "1.8.0"],
	])("%s", (_, found, version) => {
		expect(opened(begun, found)).toBe(version);
	});

	it("is not forgotten when the next restart begins before anybody looked", () => {
		const next = noteOpening(begun, v("1.9.0"), [{ replica: "db-0-0", pod: undefined }], image);
		expect(opened(next, pod("1.9.0", { started: false, uid: "newer" }))).toBe("1.8.0");
	});

	it("goes back to what it was when the new version never started anywhere", () => {
		const stuck = pod("1.8.0", { started: false, uid: "new" });
		const back = noteOpening(begun, v("1.7.1"), [{ replica: "db-0-0", pod: stuck }], image);
		expect(opened(back, undefined)).toBe("1.7.1");
	});

	it("is free to choose while the only pod there ever was has not started", () => {
		const stuck = pod("1.8.0", { started: false });
		const first = noteOpening(empty, v("1.8.0"), [{ replica: "db-0-0" }], image);
		const second = noteOpening(first, v("1.7.1"), [{ replica: "db-0-0", pod: stuck }], image);
		expect(opened(second, stuck)).toBeUndefined();
		expect(opened(second, pod("1.8.0"))).toBe("1.8.0");
		expect(opened(second, pod("1.7.1", { uid: "new" }))).toBe("1.7.1");
		expect(opened(second, undefined)).toBe("1.7.1");
	});

	it("is none of a pod that was deleted before it started, though the kubelet says that its container ended", () => {
		const ended = pod("1.8.0", { started: false, uid: "new" });
		const state = { terminated: { exitCode: 137, reason: "ContainerStatusUnknown" } };
		const gone = { ...ended, status: { containerStatuses: [{ name: "server", imageID: "", state }] } };
		expect(opened(begun, gone)).toBe("1.7.1");
	});

	it("is never unsettled: a pod of an older version changes nothing", () => {
		const later = settle(begun, [pod("1.8.0", { uid: "new" })], image);
		expect(later.openedBy).toEqual({ "db-0-0": "1.8.0" });
		expect(later.opening).toEqual({});
		expect(settle(later, [pod("1.7.1")], image)).toBe(later);
	});

	it("a restart at the same version begun twice does not take the second pod for the former one", () => {
		const started = pod("1.8.0", { started: false, uid: "new" });
		const twice = noteOpening(begun, v("1.8.0"), [{ replica: "db-0-0", pod: started }], image);
		expect(opened(twice, pod("1.8.0", { uid: "new" }))).toBe("1.8.0");
	});
});

describe("what is not proven", () => {
	const unknown = (more: object) => {
		const its = pod("1.7.1", more);
		return { ...its, spec: { containers: [{ name: "server", image: "mirror/db" }] } };
	};
	it.each<[string, Pod]>([
		["a pod of a third version that has not started", pod("1.9.0", { started: false, uid: "new" })],
		["a pod of no known version that has not started", unknown({ started: false, uid: "new" })],
		["the former pod, where nobody knows what it runs", unknown({})],
	])("is that nobody opened it: %s", (_, found) => {
		expect(opened(begun, found)).toBe("1.8.0");
	});

	it("is which pod was the former one if there was none", () => {
		const first = noteOpening(empty, v("1.8.0"), [{ replica: "db-0-0" }], image);
		const nameless = pod("1.7.1", { started: false });
		expect(opened(first, { ...nameless, metadata: { name: "db-0-0" } })).toBe("1.8.0");
	});
});

describe("a record", () => {
	it("keeps what is known of other replicas", () => {
		const other = { "db-0-1": v("1.6.0") };
		const both: Stored = { ...begun, openedBy: { ...begun.openedBy, ...other } };
		expect(settle(both, [pod("1.7.1")], image)).toBe(both);
		const seen = settle(both, [pod("1.7.1", { name: "db-0-2" })], image);
		expect(seen).toEqual({ ...both, openedBy: { ...both.openedBy, "db-0-2": "1.7.1" } });
		const next = noteOpening(both, v("1.8.0"), [{ replica: "db-0-1" }], image);
		expect(next.openedBy).toEqual(both.openedBy);
		expect(next.opening).toEqual({ ...begun.opening, "db-0-1": { version: "1.8.0" } });
	});

	it("gets no version of a pod that nobody knows, and none of data that nobody opened", () => {
		const nameless = { ...pod("1.7.1"), spec: { containers: [{ name: "server", image: "mirror/db" }] } };
		expect(settle(empty, [nameless], image)).toBe(empty);
		expect(noteOpening(empty, v("1.8.0"), [{ replica: "db-0-0" }], image).openedBy).toStrictEqual({});
	});

	it("notes no restart at the version that opened the data anyway", () => {
		expect(noteOpening(before, v("1.7.1"), [{ replica: "db-0-0", pod: pod("1.7.1") }], image)).toBe(before);
		expect(noteOpening(before, v("1.6.0"), [{ replica: "db-0-0", pod: pod("1.7.1") }], image)).toBe(before);
	});
});

describe("the server of a pod", () => {
	it("is its container, wherever it stands, and no other's", () => {
		const sidecar = { name: "exporter", image: `${image}:1.9.0` };
		const its = pod("1.7.1");
		const all: Pod = {
			...its,
			spec: { containers: [sidecar, ...its.spec.containers] },
			status: {
				containerStatuses: [
					{ name: "exporter", imageID: "i" },
					{ name: "server", imageID: "" },
				],
			},
		};
		expect(versionOf(image, all)).toBe("1.7.1");
		expect(everStarted(all)).toBe(false);
		expect(everStarted({ ...all, status: undefined })).toBe(false);
		expect(everStarted({ ...all, status: {} })).toBe(false);
		expect(everStarted(its)).toBe(true);
		expect(versionOf(image, { spec: { containers: [sidecar] } })).toBeUndefined();
	});
});

describe("the version of a pod", () => {
	const annotated = (reference: string, noted: string) => ({
		metadata: { annotations: { "pulumi-dbcluster/version": "1.8.0", "pulumi-dbcluster/image": noted } },
		spec: { containers: [{ name: "server", image: reference }] },
	});
	it("is that of its image's tag, whatever an annotation says", () => {
		expect(versionOf(image, annotated(`${image}:1.9.0`, `${image}:1.8.0`))).toBe("1.9.0");
	});
	it("is that of the annotation where the image has no tag", () => {
		expect(versionOf(image, annotated(`${image}@sha256:1`, `${image}@sha256:1`))).toBe("1.8.0");
	});
	it("is that of the annotation where a webhook has put another registry before the same image, without its tag", () => {
		const digest = `sha256:${"0".repeat(64)}`;
		const mirrored = annotated(`mirror.example.com/hub/${image}@${digest}`, `${image}:1.8.0@${digest}`);
		expect(versionOf(image, mirrored)).toBe("1.8.0");
	});
	it("is unknown where the annotation is about another image", () => {
		expect(versionOf(image, annotated(`${image}@sha256:2`, `${image}@sha256:1`))).toBeUndefined();
	});
	it.each<[string, string, string | undefined]>([
		["is about another digest", `other@sha256:${"0".repeat(64)}`, `${image}:1.8.0@sha256:${"1".repeat(64)}`],
		["is about another image without a digest", "other", `${image}:1.8.0`],
		["says no image", `other@sha256:${"0".repeat(64)}`, undefined],
	])("is unknown where the annotation %s", (_, reference, noted) => {
		expect(versionOf(image, annotated(reference, noted as string))).toBeUndefined();
	});
	it("is unknown without a tag and annotations", () => {
		expect(versionOf(image, { spec: { containers: [{ name: "server", image: "other" }] } })).toBeUndefined();
		expect(
			versionOf(image, { metadata: {}, spec: { containers: [{ name: "server", image: "other" }] } }),
		).toBeUndefined();
	});
});
