import { describe, expect, it } from "vitest";
import type { PodTemplate } from "../../../../src/platforms/kubernetes/api/types";
import { dataPlaces, volatile } from "../../../../src/platforms/kubernetes/ask/data-volumes";
import { readInventory } from "../../../../src/platforms/kubernetes/ask/inventory";

const claim = { name: "data", persistentVolumeClaim: { claimName: "data-db-0-1" } };
const pod = (
	mounts: Readonly<Record<string, string>>,
	volumes: readonly { readonly name: string; readonly [kind: string]: unknown }[] = [claim],
): PodTemplate => ({
	spec: {
		containers: [
			{ name: "exporter", volumeMounts: [{ name: "other", mountPath: "/" }] },
			{
				name: "server",
				volumeMounts: Object.entries(mounts).map(([mountPath, name]) => ({ mountPath, name })),
			},
		],
		volumes: [...volumes, { name: "other", emptyDir: {} }],
	},
});
const said = (of: PodTemplate, ...paths: string[]) =>
	dataPlaces(of, paths).map(({ path, on, endsWithPod }) => `${path} on ${on}${endsWithPod ? ": ends" : ""}`);

describe("where a server's data is", () => {
	it.each(["/var/lib/clickhouse", "/var/lib/clickhouse/", "/var/lib", "/", "/var/lib/./clickhouse"])(
		"by the mount at %s",
		(mountPath) => {
			expect(said(pod({ [mountPath]: "data" }), "/var/lib/clickhouse/")).toEqual([
				"/var/lib/clickhouse/ on the volume claim data-db-0-1",
			]);
		},
	);

	it("by the longest of several, whole folders only", () => {
		const scratch = { name: "scratch", emptyDir: {} };
		const mounts = { "/var/lib": "data", "/var/lib/clickhouse": "scratch", "/mnt/a": "data" };
		expect(
			said(pod(mounts, [claim, scratch]), "/var/lib/clickhouse", "/var/lib/clickhouse-other/", "/mnt/ab/"),
		).toEqual([
			"/var/lib/clickhouse/ on the emptyDir volume scratch: ends",
			"/var/lib/clickhouse-other/ on the volume claim data-db-0-1",
			"/mnt/ab/ on no volume but in the container's own file system: ends",
		]);
	});

	it("also by what is mounted over the folders of its tables, and by nothing else below", () => {
		const scratch = { name: "scratch", emptyDir: {} };
		const mounts = {
			"/var/lib/clickhouse": "data",
			"/var/lib/clickhouse/store": "scratch",
			"/var/lib/clickhouse/format_schemas": "scratch",
			"/var/lib/clickhouse/data_of_others": "scratch",
		};
		const places = dataPlaces(pod(mounts, [claim, scratch]), ["/var/lib/clickhouse/"]);
		expect(places).toHaveLength(2);
		expect(volatile(places)).toBe("/var/lib/clickhouse/store/ is on the emptyDir volume scratch");
	});

	it.each([
		["emptyDir", { medium: "Memory" }, true],
		["ephemeral", { volumeClaimTemplate: {} }, true],
		["csi", { driver: "inline.example" }, true],
		["configMap", { name: "x" }, true],
		["secret", { secretName: "x" }, true],
		["projected", {}, true],
		["downwardAPI", {}, true],
		["image", { reference: "x" }, true],
		["hostPath", { path: "/srv" }, false],
		["nfs", { server: "x", path: "/" }, false],
		["iscsi", {}, false],
	])("a volume of the kind %s", (kind, its, ends) => {
		const places = dataPlaces(pod({ "/data": "v" }, [{ name: "v", [kind]: its }]), ["/data/"]);
		expect(places).toEqual([{ path: "/data/", on: `the ${kind} volume v`, endsWithPod: ends }]);
		expect(volatile(places)).toBe(ends ? `/data/ is on the ${kind} volume v` : undefined);
	});

	it("a volume that says nothing of itself is an emptyDir, as the API has it", () => {
		expect(said(pod({ "/data": "v" }, [{ name: "v" }]), "/data/")).toEqual(["/data/ on the emptyDir volume v: ends"]);
	});

	it("of a template, by the claims that its StatefulSet makes, which win over volumes of their name", () => {
		const template = pod({ "/data": "data" }, [{ name: "data", emptyDir: {} }]);
		const claims = [{ metadata: { name: "data" } }];
		expect(volatile(dataPlaces(template, ["/data/"], claims))).toBeUndefined();
		expect(volatile(dataPlaces(template, ["/data/"]))).toBe("/data/ is on the emptyDir volume data");
	});

	it("of the container that is the server, and nothing where there is none", () => {
		const others = (container: string) => ({
			...pod({ "/data": "data" }),
			metadata: { annotations: { "pulumi-dbcluster/container": container } },
		});
		expect(said({ ...others("exporter") }, "/data/")).toEqual(["/data/ on the emptyDir volume other: ends"]);
		expect(said({ ...others("none") }, "/data/")).toEqual([]);
	});

	it("says nothing of what is no folder here: keys of an object storage", () => {
		expect(said(pod({ "/": "data" }), "", "store/abc/")).toEqual([]);
	});
});

it("an inventory names the folders of disks, not those of databases and parts", () => {
	const rows = ["/var/lib/clickhouse/", "/var/lib/clickhouse/data/system/", "/var/lib/clickhouse/store/", "/mnt/d2/"];
	const answer = rows.map((a) => ({ kind: "data", a, b: "", c: "", d: "", n: 0 }));
	expect(readInventory(answer).paths).toEqual(["/var/lib/clickhouse/", "/mnt/d2/"]);
});
