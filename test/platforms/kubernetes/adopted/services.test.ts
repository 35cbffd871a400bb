import { beforeEach, describe, expect, it } from "vitest";
import { clientServices, servicesOf } from "../../../../src/platforms/kubernetes/adopted/services";
import type { Pod } from "../../../../src/platforms/kubernetes/api/types";
import type { FakeApi, Thing } from "../fake-api";
import { adoptedOn, serviceOf, withExisting } from "./existing";

let api: FakeApi;
beforeEach(() => {
	api = withExisting();
});

const pods = (): Pod[] => api.all("pods").filter(({ metadata }) => /^chi-\d$/.test(metadata.name));
const put = (name: string, selector: object, more: object = {}) => api.put("services", serviceOf(name, selector, more));
const stranger = (status: object = {}): Thing =>
	api.put("pods", { metadata: { name: "job", labels: { all: "yes" } }, spec: { containers: [] }, status });

/** Why the Service `chi` can't be used; empty if it can. */
const problem = async (its = pods(), services: readonly string[] = ["chi"]) => {
	const { obstacles } = await servicesOf(adoptedOn(api, { services }), its);
	expect(obstacles.every(({ property }) => property === "kubernetes.existing.services")).toBe(true);
	return obstacles.map(({ reason }) => reason).join("\n");
};

describe("a Service from which a replica can be drained", () => {
	it("selects all pods, and no other", async () => {
		expect(await problem()).toBe("");
	});

	it("may select by several labels, and is not blamed for pods that lack any of them", async () => {
		put("chi", { all: "yes", app: "chi" });
		for (const labels of [{ all: "yes" }, { app: "chi" }, { all: "no", app: "chi" }, undefined])
			api.put("pods", { metadata: { name: `job-${JSON.stringify(labels)}`, labels }, spec: { containers: [] } });
		expect(await problem()).toBe("");
	});

	it("may have our label already", async () => {
		put("chi", { all: "yes", "pulumi-dbcluster/clients": "db" });
		expect(await problem()).toBe("");
	});

	it("may select pods that have ended", async () => {
		for (const phase of ["Succeeded", "Failed"]) {
			stranger({ phase });
			expect(await problem()).toBe("");
		}
	});

	it.each<[string, () => unknown, string]>([
		["is another cluster's", () => put("chi", { all: "yes", "pulumi-dbcluster/clients": "other" }), "'other'"],
		["is headless", () => put("chi", { all: "yes" }, { clusterIP: "None" }), "headless"],
		[
			"has pods that are not ready",
			() => put("chi", { all: "yes" }, { publishNotReadyAddresses: true }),
			"publishNotReadyAddresses",
		],
		["lacks a pod", () => put("chi", { "statefulset.kubernetes.io/pod-name": "chi-0" }), "chi-1"],
		["selects by labels of which they have only one", () => put("chi", { all: "yes", app: "two" }), "chi-0, chi-1"],
		["selects nothing", () => put("chi", {}), "chi-0, chi-1"],
		["selects nothing but by our label", () => put("chi", { "pulumi-dbcluster/clients": "db" }), "chi-0, chi-1"],
		[
			"has no selector",
			() => api.put("services", { metadata: { name: "chi" }, spec: { selector: null } }),
			"chi-0, chi-1",
		],
		["selects another pod as well", () => stranger({ phase: "Running" }), "job"],
		[
			"selects a pod without a status",
			() => api.put("pods", { metadata: { name: "job", labels: { all: "yes" } }, spec: { containers: [] } }),
			"job",
		],
		["is not there", () => api.objects.delete("services/chi"), "no Service chi"],
	])("is none that %s", async (_, change, words) => {
		change();
		expect(await problem()).toContain(words);
	});

	it("is not blamed for others while there is no pod of ours", async () => {
		stranger();
		expect(await problem([])).toBe("");
	});

	it("is named where another is, if there is one", async () => {
		expect(await problem(pods(), ["two", "chi"])).toMatch(/two.*: chi\.$/);
		put("nodes", { all: "yes" }, { clusterIP: "None" });
		put("one", { "statefulset.kubernetes.io/pod-name": "chi-0" });
		put("half", { "statefulset.kubernetes.io/pod-name": "chi-0", all: "yes" });
		api.objects.delete("services/chi");
		expect(await problem(pods(), ["two"])).toMatch(/two.*Create/);
	});
});

describe("Services that are not listed", () => {
	it("are told where they balance over pods of ours", async () => {
		put("a", { all: "yes" });
		put("b", { app: "chi" });
		put("nodes", { all: "yes" }, { clusterIP: "None" });
		put("one", { "statefulset.kubernetes.io/pod-name": "chi-0" });
		put("others", { all: "no" });
		put("none", {});
		api.objects.get("pods/chi-1").metadata.labels.half = "yes";
		put("c", { half: "yes" });
		expect((await servicesOf(adoptedOn(api), pods())).undrained).toEqual(["a", "b", "c"]);
	});
});

describe("the Services of clients", () => {
	const found = () => clientServices(adoptedOn(api), pods(), 8123);

	it("are those that can be drained, the one with the HTTP port first", async () => {
		api.objects.delete("services/chi");
		put("a", { all: "yes" }, { ports: [{ port: 9000 }] });
		put("b", { all: "yes" }, { ports: [{ port: 9000 }, { port: 8123 }] });
		put("c", { all: "yes" }, { ports: undefined });
		put("unready", { all: "yes" }, { publishNotReadyAddresses: true });
		put("nodes", { all: "yes" }, { clusterIP: "None" });
		put("others", { all: "no" });
		expect(await found()).toEqual(["b", "a", "c"]);
	});

	it("are missed with the reason of the first that can't be drained, or with the StatefulSets", async () => {
		put("chi", { all: "yes" }, { publishNotReadyAddresses: true });
		await expect(found()).rejects.toThrow("publishNotReadyAddresses");
		api.objects.delete("services/chi");
		await expect(found()).rejects.toThrow("pods of chi.");
		// That of a single pod, or of the pods' names, is none that clients balance over.
		put("nodes", { all: "yes" }, { clusterIP: "None" });
		put("one", { "statefulset.kubernetes.io/pod-name": "chi-0" });
		await expect(found()).rejects.toThrow("pods of chi.");
		api.objects.get("pods/chi-1").metadata.labels.half = "yes";
		put("c", { half: "yes" });
		await expect(found()).rejects.toThrow("chi-0");
	});
});
