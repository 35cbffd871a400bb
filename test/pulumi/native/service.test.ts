import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { afterEach, expect, test, vi } from "vitest";
import * as engine from "../../../src/pulumi/host/engine";
import { serviceOf } from "../../../src/pulumi/native/service";
import { running } from "../engine";

vi.mock("../../../src/pulumi/args/platforms", () => import("../scripted-platform.ts"));
vi.mock("../../../src/pulumi/host/engine", { spy: true });

afterEach(() => vi.clearAllMocks());

/** What is read of a cluster by its id alone, and the warnings. */
async function readById(change: (request: messages.ReadRequest) => void) {
	const request = new messages.ReadRequest().setId("scripted:here/a").setProperties(new Struct());
	request.setUrn("urn:pulumi:live::shop::dbcluster:index:DbCluster::other");
	change(request);
	const { read } = serviceOf({ version: "0.0.0", schema: "{}" });
	const response = await new Promise<messages.ReadResponse>((resolve, reject) => {
		const answer = (error: unknown, found?: messages.ReadResponse) => (found ? resolve(found) : reject(error));
		(read as (call: object, answer: unknown) => void)({ request }, answer);
	});
	return {
		outputs: response.getProperties()?.toJavaScript(),
		warnings: vi.mocked(engine.warn).mock.calls.map(([text]) => text),
	};
}

test("an import, which comes without inputs, warns of what the program has to say", async () => {
	await running("1.8.0");
	const { outputs, warnings } = await readById(() => {});
	expect(outputs).toMatchObject({ version: "1.8.0", adopt: true });
	expect(warnings.join()).toMatch(/so the import set adopt: true.*are not stored with a cluster/);
});

test("what a program reads with `get`, which comes with the inputs that it has none of, warns of nothing", async () => {
	await running("1.8.0");
	const { outputs, warnings } = await readById((request) => request.setInputs(new Struct()));
	expect(outputs).toMatchObject({ version: "1.8.0", endpoint: "http://a.here", state: "Started" });
	expect(warnings).toEqual([]);
});
