import { describe, expect, it } from "vitest";
import { Api } from "../../../../src/platforms/kubernetes/api/api";
import { Conflict } from "../../../../src/platforms/kubernetes/api/errors";
import type { ApiCall } from "../../../../src/platforms/kubernetes/api/wire";
import { FakeApi } from "../fake-api";

const service = { apiVersion: "v1", kind: "Service", metadata: { name: "db" }, spec: {} };
const set = { apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "db-0", resourceVersion: "1" }, spec: {} };
const grown = { spec: { resources: { requests: { storage: "2Gi" } } } };

const message =
	'Operation cannot be fulfilled on resourcequotas "compute": the object has been modified; please apply your changes to the latest version and try again';

/** An API server that refuses so many changes first as it does where others use up the same quota at that time. */
class Contended extends FakeApi {
	constructor(private refusals: number) {
		super("db");
		this.put("persistentvolumeclaims", { metadata: { name: "data-db-0-0" }, spec: {} });
	}
	readonly api = new Api(this, "db");

	override send(call: ApiCall) {
		return call.method === "PATCH" && this.refusals-- > 0
			? Promise.resolve({ status: 409, text: JSON.stringify({ kind: "Status", message, reason: "Conflict" }) })
			: super.send(call);
	}
}

// https://github.com/kubernetes/kubernetes/issues/67761
describe("a quota that others use up at the same time", () => {
	it("is asked again where an object is applied or a volume grows", async () => {
		const server = new Contended(2);
		await server.api.apply(service);
		expect(server.objects.has("services/db")).toBe(true);
		const volume = new Contended(2);
		await volume.api.merge("persistentvolumeclaims", "data-db-0-0", grown);
		expect(volume.all("persistentvolumeclaims")).toMatchObject([grown]);
	});

	it("is not asked forever", async () => {
		await expect(new Contended(100).api.apply(service)).rejects.toThrow(
			/^the object is changed again and again by another client: Operation cannot be fulfilled on resourcequotas/,
		);
	});

	it("is the caller's where the write depends on what was read", async () => {
		const server = new Contended(1);
		await expect(server.api.apply(set)).rejects.toBeInstanceOf(Conflict);
		expect(server.objects.has("statefulsets/db-0")).toBe(false);
		const other = new Contended(1).api.merge("persistentvolumeclaims", "data-db-0-0", { metadata: { uid: "gone" } });
		await expect(other).rejects.toBeInstanceOf(Conflict);
	});
});
